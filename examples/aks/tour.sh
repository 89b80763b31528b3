#!/bin/sh
# An environment of Azure from its first plan to its end, in a sandbox: made, changed by somebody else,
# looked at, and taken down. Needs no subscription and sends nothing to Azure.
#
#   tour.sh [PROGRAM]   without a program, aurak is built; SPEED is how many times faster than Azure
set -eu
program=${1:-}
cd "$(dirname "$0")"
if [ -z "$program" ]; then
  cargo build --quiet --package aurak-cli
  target=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
  program=$target/debug/aurak
fi
aurak() {
  printf '\n$ aurak %s\n' "$*" >&2
  "$program" "$@"
}
# A client that is not aurak. What is secret goes by standard input, not by arguments.
client() {
  printf '%s\n' "$1" | curl --silent --show-error --fail --cacert "$AURAK_SANDBOX_CA" --config -
}

export AURAK_SANDBOX_DIR="$PWD/.aurak/tour"
exports=$(aurak sandbox start --speed "${SPEED:-60}")
trap '"$program" sandbox stop >/dev/null 2>&1' EXIT
eval "$exports"

aurak apply --yes
aurak plan --exit-code

printf '\n$ # somebody else lets the storage account take an old TLS\n' >&2
token=$(client "url = $AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID/oauth2/v2.0/token
  data = grant_type=client_credentials
  data-urlencode = client_id=$AZURE_CLIENT_ID
  data-urlencode = client_secret=$AZURE_CLIENT_SECRET
  data-urlencode = scope=$AURAK_SANDBOX_URL/.default" | sed 's/.*"access_token": *"\([^"]*\)".*/\1/')
account=subscriptions/$AZURE_SUBSCRIPTION_ID/resourceGroups/demo-aks/providers/Microsoft.Storage/storageAccounts/demoaksfiles
client "request = PATCH
  url = $AURAK_SANDBOX_URL/$account?api-version=2025-01-01
  header = \"authorization: Bearer $token\"
  header = \"content-type: application/json\"
  data = {\"properties\":{\"minimumTlsVersion\":\"TLS1_0\"}}" >/dev/null

aurak plan
aurak destroy --yes
aurak sandbox stop
trap - EXIT
aurak sandbox reset
