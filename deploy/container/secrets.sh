#!/usr/bin/env bash
# Makes the passwords that compose.yaml's secrets are, where they are not there yet.  Usage: deploy/container/secrets.sh [FOLDER]
# The folder is for its owner alone; the files in it can be read by every user, since a container sees only those mounted into it,
# under a user of its own. ClickHouse gets hashes. To change a password, delete its file, and run this again.
set -euo pipefail
folder=${1:-$(dirname "$0")/../secrets}
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
write() { chmod 644 "$1.part" && mv "$1.part" "$1"; }

for name in ingest_password dashboards_password auditor_password migrator_password cluster_secret \
            bus_password broker_password postgres_password; do
  [ -s "$name" ] || { random >"$name.part" && write "$name"; }
done

{
  echo "<clickhouse>"
  for user in ingest dashboards auditor migrator; do
    echo "    <${user}_sha256>$(sha256sum <"${user}_password" | cut -d' ' -f1)</${user}_sha256>"
  done
  echo "    <cluster_secret>$(cat cluster_secret)</cluster_secret>"
  echo "</clickhouse>"
} >clickhouse.xml.part
write clickhouse.xml

# A service file, as libpq reads it: no password stands in a URL or in an environment.
printf '[guankou]\nhost=postgres\ndbname=guankou\nuser=guankou\npassword=%s\n' "$(cat postgres_password)" >postgres_service.part
write postgres_service
