#!/usr/bin/env bash
# Everything the given purpose needs, on a machine that has python3, make and git.  Usage: deploy/setup.sh demo|test|explain|bench
# Debian packages are installed when root; otherwise they are named and nothing else happens.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:?usage: deploy/setup.sh demo|test|explain|bench}

# package:what it is found by (a command, a file or a Python module of the system's python3)
needs=(python3-venv:py:ensurepip libpango-1.0-0:lib:libpango-1.0.so.0 libpangoft2-1.0-0:lib:libpangoft2-1.0.so.0
       libharfbuzz-subset0:lib:libharfbuzz-subset.so.0 fonts-noto-cjk:file:/usr/share/fonts/opentype/noto)
extras=demo
if [ "$purpose" = test ]; then
  extras=demo,test
  needs+=(chromium:cmd:chromium chromium-driver:cmd:chromedriver
          gcc:cmd:cc libc6-dev:file:/usr/include/time.h  # tests/faults: clocks that jump
          openjdk-17-jre-headless:cmd:java maven:cmd:mvn npm:cmd:npm openssl:cmd:openssl)  # deploy/local
elif [ "$purpose" = explain ]; then
  extras=demo,test
  needs+=(tshark:cmd:tshark)
elif [ "$purpose" = bench ]; then
  extras=demo,test,bench
  needs+=(wireshark-common:cmd:capinfos tcpreplay:cmd:tcprewrite libndpi-bin:cmd:ndpiReader nfdump:cmd:nfdump)
fi

missing=()
for need in "${needs[@]}"; do
  IFS=: read -r package kind what <<<"$need"
  case $kind in
    cmd) command -v "$what" >/dev/null ;;
    lib) ldconfig -p 2>/dev/null | grep -q "$what" || /sbin/ldconfig -p | grep -q "$what" ;;
    file) [ -e "$what" ] ;;
    py) python3 -c "import $what" 2>/dev/null ;;
  esac || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "These Debian packages are needed first:  sudo apt-get install ${missing[*]}" >&2
    exit 1
  fi
  echo "Installing Debian packages: ${missing[*]}"
  apt-get update -q >/dev/null
  echo 'wireshark-common wireshark-common/install-setuid boolean false' | debconf-set-selections
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
fi

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, this is $(python3 -V)" >&2; exit 1; }
stamp=.venv/.ready-$(echo "$extras" | tr , -)-$(cat pyproject.toml constraints.txt | sha256sum | cut -c1-16)
if [ ! -e "$stamp" ]; then
  echo "Installing Python packages into .venv (minutes the first time)"
  python3 -m venv .venv
  .venv/bin/pip install --disable-pip-version-check -q -c constraints.txt -e ".[$extras]"
  touch "$stamp"
fi
if [ "$purpose" = test ]; then
  [ -d build/local ] || echo "Fetching Kafka and ClickHouse into build/local (once, half a minute)"
  .venv/bin/python -m deploy.local.fetch
fi
