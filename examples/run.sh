#!/bin/sh
# Runs an example:        sh examples/run.sh 01-people-table [URL]
# Runs and compares all:  sh examples/run.sh --check [URL]
# URL is that of the demo, http://127.0.0.1:8080 unless given. Needs curl. A subscription ends after LISTEN seconds (10).
set -eu
dir=$(dirname "$0")
url=${2:-http://127.0.0.1:8080}

run() {
  name=$1
  if grep -q '^subscription' "$dir/$name.graphql"; then
    listen "$name"
    return
  fi
  if grep -q '^mutation' "$dir/$name.graphql"; then
    change "$name"
    return
  fi
  set -- --silent --show-error --get "$url/graphql" --data-urlencode "query@$dir/$name.graphql"
  if [ -f "$dir/$name.variables.json" ]; then
    set -- "$@" --data-urlencode "variables@$dir/$name.variables.json"
  fi
  curl "$@"
}

# change sends a mutation, which GET is not for.
change() {
  asJSON "$1" | curl --silent --show-error "$url/graphql" --header 'Content-Type: application/json' --data-binary @-
}

# listen prints what a subscription sends within LISTEN seconds (10), as server-sent events.
listen() {
  code=0
  asJSON "$1" | curl --silent --no-buffer --max-time "${LISTEN:-10}" "$url/graphql" --header 'Content-Type: application/json' \
    --header 'Accept: text/event-stream' --data-binary @- || code=$?
  [ "$code" -eq 28 ] # it would go on
}

# asJSON writes a request as JSON, whose text wants some characters written otherwise.
asJSON() {
  query=$(sed 's/\\/\\\\/g; s/"/\\"/g' "$dir/$1.graphql" | awk '{ printf "%s\\n", $0 }')
  variables=$(cat "$dir/$1.variables.json" 2>/dev/null || echo null)
  printf '{"query":"%s","variables":%s}' "$query" "$variables"
}

case ${1:-} in
--check)
  failed=0
  for file in "$dir"/*.graphql; do
    name=$(basename "$file" .graphql)
    if [ ! -f "$dir/$name.expected.json" ]; then # a subscription, to which nothing need happen
      if answer=$(LISTEN=1 run "$name") && ! echo "$answer" | grep -q '"errors"'; then
        echo "ok    $name"
      else
        echo "FAIL  $name"
        failed=1
      fi
      continue
    fi
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
