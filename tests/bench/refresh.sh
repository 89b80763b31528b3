#!/usr/bin/env bash
# How many requests a refresh of many resources of Azure takes, in a sandbox: refresh.sh [N ...], by
# default 1000 and 5000. Ten types in ten groups; pools, containers and record sets are among them. To make
# them takes longer than to read them: Azure gives a caller ten writes a second.
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
build
sizes=("$@")
[ ${#sizes[@]} -gt 0 ] || if small; then sizes=(100); else sizes=(1000 5000); fi
export AURAK_SANDBOX_SPEED=20000

# stack DIR N: N resources, more or less: of five types as many as that takes, and up to sixty pools.
stack() {
  local each=$((($2 - 22) / 6)) pools networks
  # Writes to one network wait for each other, and each carries all of its subnets.
  networks=$(($2 < 2000 ? 3 : 20))
  pools=$((each < 60 ? each : 60))
  each=$((($2 - 22 - pools) / 5))
  mkdir -p "$1"
  cat >"$1/aurak.yaml" <<END
aurak: 1
name: many
let:
  ten: "{{ range(10) | map('string') | list }}"
  many: "{{ range($each) | map('string') | list }}"
  pools_of: "{{ range($pools) | map('string') | list }}"
  networks_of: "{{ range($networks) | map('string') | list }}"
providers:
  azure: {}
resources:
  groups: { type: azure.resource_group, for_each: "{{ ten }}", name: "g{{ each.key }}", location: westeurope }
  networks:
    type: azure.virtual_network
    for_each: "{{ networks_of }}"
    name: "net-{{ each.key }}"
    group: "{{ groups['1'].id }}"
    location: westeurope
    properties: { addressSpace: { addressPrefixes: [10.0.0.0/8] } }
  subnets:
    type: azure.subnet
    for_each: "{{ many }}"
    name: "subnet-{{ each.key }}"
    network: "{{ networks[((each.key | int) % $networks) | string].id }}"
    properties: { addressPrefix: "10.{{ (each.key | int) // 250 }}.{{ (each.key | int) % 250 }}.0/24" }
  addresses:
    type: azure.public_ip
    for_each: "{{ many }}"
    name: "address-{{ each.key }}"
    group: "{{ groups[((each.key | int) % 10) | string].id }}"
    location: westeurope
    sku: { name: Standard }
    properties: { publicIPAllocationMethod: Static }
  identities:
    type: azure.user_assigned_identity
    for_each: "{{ many }}"
    name: "identity-{{ each.key }}"
    group: "{{ groups[((each.key | int) % 10) | string].id }}"
    location: westeurope
  zones:
    type: azure.dns_zone
    for_each: [a, b, c]
    name: "{{ each.key }}.example"
    group: "{{ groups['2'].id }}"
  hosts:
    type: azure.record_set
    for_each: "{{ many }}"
    zone: "{{ zones.a.id }}"
    kind: A
    name: "host-{{ each.key }}"
    properties: { TTL: 300, ARecords: [{ ipv4Address: 192.0.2.1 }] }
  accounts:
    type: azure.storage_account
    for_each: [a, b, c]
    name: "aurakmany{{ each.key }}"
    group: "{{ groups['3'].id }}"
    location: westeurope
    kind: StorageV2
    sku: { name: Standard_LRS }
    properties: {}
  containers:
    type: azure.storage_container
    for_each: "{{ many }}"
    name: "container-{{ each.key }}"
    account: "{{ accounts.b.id }}"
  clusters:
    type: azure.managed_cluster
    for_each: [a, b, c]
    name: "{{ each.key }}"
    group: "{{ groups['4'].id }}"
    location: westeurope
    identity: { type: SystemAssigned }
    properties:
      dnsPrefix: "{{ each.key }}"
      agentPoolProfiles: [{ name: system, mode: System, count: 1, vmSize: Standard_D2s_v5 }]
  pools:
    type: azure.agent_pool
    for_each: "{{ pools_of }}"
    name: "p{{ each.key }}"
    cluster: "{{ clusters.c.id }}"
    properties: { mode: User, count: 0, vmSize: Standard_D2s_v5 }
END
}

for n in "${sizes[@]}"; do
  dir=$scratch/many-$n
  stack "$dir" "$n"
  if ! "$aurak" -C "$dir" apply --sandbox --yes >"$dir/said" 2>&1; then
    tail -40 "$dir/said" >&2
    exit 1
  fi
  measure 1 bash -c '"$1" -C "$2" plan --sandbox --exit-code >"$2/said" 2>&1' plan "$aurak" "$dir"
  # Numbers have commas between thousands.
  read -r count requests < <(sed -n 's/^many *\([0-9,]*\) resources read in .* with \([0-9,]*\) requests.*/\1 \2/p' "$dir/said" | tr -d ,) || {
    tail -40 "$dir/said" >&2
    exit 1
  }
  throttled=$(grep -c '"status":429' "$dir/.aurak/sandbox/requests.ndjson" || true)
  printf '%-8s %5s resources  %4s requests  %8s s  %s throttled\n' "$n" "$count" "$requests" "$seconds" "$throttled"
  if [ "$n" = 1000 ] && [ "$requests" -gt 40 ]; then
    echo "more than 40 requests" >&2
    exit 1
  fi
done
