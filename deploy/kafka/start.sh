#!/bin/bash
# Formats the storage once, then is the broker. The image's own start script writes into the root, which is read-only here.
set -euo pipefail
settings=/etc/guankou/kafka/server.properties
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id "$KAFKA_CLUSTER" --config "$settings"
exec /opt/kafka/bin/kafka-server-start.sh "$settings"
