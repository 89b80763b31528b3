"""What aurak made, read with Microsoft's SDKs: equal field by field to what aurak recorded of it.

Usage: read_back.py PATH-OF-AURAK
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.dns import DnsManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.locks import ManagementLockClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient

# Where something is, which is in its id and not in its body, and what is read by calls of its own.
NOT_IN_BODIES = {
    "group", "network", "security_group", "zone", "account", "cluster", "scope", "role",
    "kubeconfig", "user_kubeconfig", "keys",
    "record_set.kind", "federated_credential.identity",
}
# What the service counts, also after aurak last looked.
COUNTED = {"numberOfRecordSets"}


# What the example has none of.
MORE = """
resources:
  loose: { type: azure.network_security_group, name: loose, group: "{{ group.id }}", location: "{{ region }}" }
  rule:
    type: azure.security_rule
    name: web
    security_group: "{{ loose.id }}"
    properties:
      protocol: Tcp
      access: Allow
      direction: Inbound
      priority: 100
      sourceAddressPrefix: "*"
      sourcePortRange: "*"
      destinationAddressPrefix: "*"
      destinationPortRange: "443"
"""


class Reader:
    def __init__(self, at):
        self.at = at
        self.credential = ClientSecretCredential(
            at["AZURE_TENANT_ID"],
            at["AZURE_CLIENT_ID"],
            at["AZURE_CLIENT_SECRET"],
            authority=at["AZURE_AUTHORITY_HOST"],
            disable_instance_discovery=True,
        )
        groups = self.client(ResourceManagementClient)
        network = self.client(NetworkManagementClient)
        storage = self.client(StorageManagementClient)
        identities = self.client(ManagedServiceIdentityClient)
        kubernetes = self.client(ContainerServiceClient)
        dns = self.client(DnsManagementClient)
        locks = self.client(ManagementLockClient).management_locks
        roles = self.client(AuthorizationManagementClient).role_assignments
        # By the names in an id, those of its types left out.
        self.read = {
            "resource_group": lambda _, group: groups.resource_groups.get(group),
            "virtual_network": lambda _, *names: network.virtual_networks.get(*names),
            "subnet": lambda _, *names: network.subnets.get(*names),
            "network_security_group": lambda _, *names: network.network_security_groups.get(*names),
            "security_rule": lambda _, *names: network.security_rules.get(*names),
            "public_ip": lambda _, *names: network.public_ip_addresses.get(*names),
            "dns_zone": lambda _, *names: dns.zones.get(*names),
            "record_set": lambda id, group, zone, name: dns.record_sets.get(group, zone, name, id.split("/")[-2]),
            "storage_account": lambda _, *names: storage.storage_accounts.get_properties(*names),
            "blob_service": lambda _, group, account, _name: storage.blob_services.get_service_properties(group, account),
            "storage_container": lambda _, group, account, _name, name: storage.blob_containers.get(group, account, name),
            "user_assigned_identity": lambda _, *names: identities.user_assigned_identities.get(*names),
            "federated_credential": lambda _, *names: identities.federated_identity_credentials.get(*names),
            "managed_cluster": lambda _, *names: kubernetes.managed_clusters.get(*names),
            "agent_pool": lambda _, *names: kubernetes.agent_pools.get(*names),
            "lock": lambda id, *_: locks.get_at_resource_level(*resource_and_lock(id)),
            "role_assignment": lambda id, *_: roles.get(*scope_and_name(id)),
        }

    def client(self, kind):
        url = self.at["AURAK_SANDBOX_URL"]
        subscription = self.at["AZURE_SUBSCRIPTION_ID"]
        return kind(self.credential, subscription, base_url=url, credential_scopes=[url + "/.default"])

    def body(self, type_name, id):
        model = self.read[type_name](id, *names(id))
        return model.serialize(keep_readonly=True) if hasattr(model, "serialize") else model.as_dict()


def scope_and_name(id):
    scope, _, rest = id.rpartition("/providers/")
    return scope, rest.split("/")[-1]


def resource_and_lock(id):
    """Group, namespace, parent, type and name of a resource, and the lock's name."""
    scope, lock = scope_and_name(id)
    _, _, _, group, _, namespace, type_name, name = scope.strip("/").split("/")
    return group, namespace, "", type_name, name, lock


def names(id):
    """The group and the names after it: `/subscriptions/S/resourceGroups/G/providers/P/KIND/NAME/...`."""
    parts = id.strip("/").split("/")[2:]
    group, rest = parts[1], parts[2:]
    return [group] + rest[3::2]


def differences(ours, theirs, path):
    """What aurak recorded and the SDK reads otherwise. What was made inside of it later may be there too."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key in COUNTED:
                continue
            if key in theirs:
                yield from differences(value, theirs[key], f"{path}.{key}")
            elif value not in (None, {}, []):
                yield f"{path}.{key}: {value!r} is not there"
    elif named(theirs) and isinstance(ours, list):
        yield from differences(by_name(ours), by_name(theirs), path)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for n, (one, other) in enumerate(zip(ours, theirs)):
            yield from differences(one, other, f"{path}[{n}]")
    elif plain(ours) != plain(theirs):
        yield f"{path}: {ours!r}, and the SDK reads {theirs!r}"


def named(items):
    return isinstance(items, list) and bool(items) and all(isinstance(item, dict) and "name" in item for item in items)


def by_name(items):
    return {item["name"]: item for item in items}


def plain(value):
    """Times are equal however they are written."""
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value):
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    return value


def main():
    program = str(Path(sys.argv[1]).resolve())
    example = Path(__file__).resolve().parents[2] / "examples/aks/aurak.yaml"
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "aurak.yaml").write_text(example.read_text().replace("\nresources:", MORE, 1))
        environment = {**os.environ, "AURAK_SANDBOX_DIR": scratch + "/sandbox", "HOME": scratch}

        def aurak(*words):
            done = subprocess.run([program, "-C", scratch, *words], env=environment, capture_output=True, text=True)
            if done.returncode != 0:
                sys.exit(f"aurak {' '.join(words)}\n{done.stdout}{done.stderr}")
            return done.stdout

        aurak("sandbox", "start", "--speed", "2000")
        try:
            at = json.loads(aurak("sandbox", "env", "--json"))
            environment.update(at)
            os.environ["REQUESTS_CA_BUNDLE"] = at["AURAK_SANDBOX_CA"]
            aurak("apply", "--yes")
            resources = json.loads(aurak("show", "--json"))["resources"]
            compare(Reader(at), resources)
        finally:
            aurak("sandbox", "stop")


def compare(reader, resources):
    wrong, fields, types = [], 0, set()
    for resource in resources:
        provider, _, type_name = resource["type"].partition(".")
        if provider != "azure":
            continue
        types.add(type_name)
        attributes = resource["objects"][0]["attributes"]
        body = reader.body(type_name, attributes["id"])
        for name, value in attributes.items():
            if name not in NOT_IN_BODIES and f"{type_name}.{name}" not in NOT_IN_BODIES:
                fields += 1
                wrong.extend(differences({name: value}, body, resource["address"]))
    missing = reader.read.keys() - types
    if missing:
        wrong.append(f"the example has none of {sorted(missing)}")
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(resources)} resources of {len(types)} types, {fields} attributes: what aurak recorded is what the SDKs read")


main()
