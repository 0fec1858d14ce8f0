#!/usr/bin/env bash
# The demonstration: pages at a printed address, and behind them the project's own capture, CAPTURE=file or INTERFACE=name (LINES=file).
set -euo pipefail
cd "$(dirname "$0")/../.."
here=deploy/demo
demo=${DEMO:-build/demo}
port=${PORT:-8080}
mkdir -p "$demo"
export GUANKOU_SETTINGS=$here/guankou.toml GUANKOU_DATA=$demo/data
[ -z "${LINES:-}" ] || export GUANKOU_SENSOR__LINES=$LINES

capture=${CAPTURE:-$demo/demo.pcap}
if [ ! -e "$capture" ] && [ -z "${CAPTURE:-}${INTERFACE:-}" ]; then
  echo "Making the demonstration's capture"
  .venv/bin/python $here/capture.py "$capture"
fi

.venv/bin/guankou dashboards --port "$port" > "$demo/pages.txt" &
pages=$!
trap 'kill "$pages" 2>/dev/null || true; wait "$pages" 2>/dev/null || true' EXIT
for _ in $(seq 300); do  # up to 60 s, the first start on a cold disk included
  kill -0 "$pages" 2>/dev/null || { cat "$demo/pages.txt"; exit 1; }
  python3 -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$port/health', timeout=1)" 2>/dev/null && break
  sleep 0.2
done
# The first start prints account and password once; they are kept beside the demonstration's data, for its own later starts.
grep -q '^password' "$demo/pages.txt" && { umask 077; grep -E '^(account|password)' "$demo/pages.txt" > "$demo/sign-in.txt"; } || true
grep '^pages' "$demo/pages.txt"; cat "$demo/sign-in.txt" 2>/dev/null || true

if [ -n "${INTERFACE:-}" ]; then
  echo "Watching $INTERFACE; Ctrl-C ends it and the pages."
  .venv/bin/guankou sensor run "$INTERFACE"
  exit
fi
.venv/bin/guankou replay "$capture"
echo "The pages stay up; Ctrl-C ends them."
wait "$pages"
