#!/bin/sh
# Runs an example:        sh examples/run.sh 01-people-table [URL]
# Runs and compares all:  sh examples/run.sh --check [URL]
# URL is that of the demo, http://127.0.0.1:8080 unless given. Needs curl.
set -eu
dir=$(dirname "$0")
url=${2:-http://127.0.0.1:8080}

run() {
  name=$1
  set -- --silent --show-error --get "$url/graphql" --data-urlencode "query@$dir/$name.graphql"
  if [ -f "$dir/$name.variables.json" ]; then
    set -- "$@" --data-urlencode "variables@$dir/$name.variables.json"
  fi
  curl "$@"
}

case ${1:-} in
--check)
  failed=0
  for file in "$dir"/*.graphql; do
    name=$(basename "$file" .graphql)
    # The expected answers are spread over lines, so that people can read them.
    if [ "$(run "$name" | tr -d '[:space:]')" = "$(tr -d '[:space:]' <"$dir/$name.expected.json")" ]; then
      echo "ok    $name"
    else
      echo "FAIL  $name"
      failed=1
    fi
  done
  exit $failed
  ;;
'' | -*)
  sed -n '2,4s/^# //p' "$0"
  exit 2
  ;;
*) run "$1" && echo ;;
esac
