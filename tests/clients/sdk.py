"""Microsoft's azure-mgmt-* SDKs against the sandbox, unchanged but for where it is.

Each test makes a resource, reads it, lists it page by page, updates it, waits as the SDK waits, and
deletes it. Usage: sdk.py PATH-OF-THE-SERVER
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import unittest
import uuid

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.dns import DnsManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.network.models import DhcpOptions
from azure.mgmt.resource.locks import ManagementLockClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient

SERVER = sys.argv.pop(1)
# Everything takes seconds in Azure; the SDKs wait a second where they are told to.
SPEED, PAGE = "600", "2"
REGION = "westeurope"


class Sandbox(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = subprocess.Popen(
            [SERVER, SPEED, PAGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        cls.at = json.loads(cls.server.stdout.readline())
        with tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False) as file:
            file.write(cls.at["ca"])
        cls.bundle = file.name
        os.environ["REQUESTS_CA_BUNDLE"] = cls.bundle
        cls.credential = cls.sign_in(cls.at["secret"])
        cls.groups = cls.client(ResourceManagementClient)
        cls.group = "g"
        cls.groups.resource_groups.create_or_update(cls.group, {"location": REGION})

    @classmethod
    def tearDownClass(cls):
        cls.server.stdin.close()
        cls.server.wait(timeout=30)
        cls.server.stdout.close()
        os.unlink(cls.bundle)

    @classmethod
    def sign_in(cls, secret):
        return ClientSecretCredential(
            cls.at["tenant"],
            cls.at["client"],
            secret,
            authority=cls.at["url"],
            disable_instance_discovery=True,
        )

    @classmethod
    def client(cls, kind, credential=None):
        return kind(
            credential or cls.credential,
            cls.at["subscription"],
            base_url=cls.at["url"],
            credential_scopes=[cls.at["url"] + "/.default"],
        )

    def gone(self, read):
        with self.assertRaises(ResourceNotFoundError):
            read()

    def refused(self, status, code, call):
        with self.assertRaises(HttpResponseError) as caught:
            call()
        self.assertEqual((caught.exception.status_code, caught.exception.error.code), (status, code))

    def names(self, pages):
        """The names in a list, which has more than a page."""
        pages = [[item.name for item in page] for page in pages.by_page()]
        self.assertGreater(len(pages), 1, "the list has pages")
        return [name for page in pages for name in page]


class Platform(Sandbox):
    def test_a_wrong_secret(self):
        client = self.client(ResourceManagementClient, self.sign_in("wrong"))
        with self.assertRaises(ClientAuthenticationError) as caught:
            client.resource_groups.get("g")
        self.assertIn("AADSTS7000215", str(caught.exception))

    def test_groups(self):
        groups = self.groups.resource_groups
        for n in range(5):
            groups.create_or_update(f"many{n}", {"location": REGION, "tags": {"n": str(n)}})
        self.assertEqual(len([name for name in self.names(groups.list()) if name.startswith("many")]), 5)
        self.assertTrue(groups.check_existence("many0"))
        self.assertEqual(groups.update("many0", {"tags": {"a": "b"}}).tags, {"a": "b"})
        self.refused(409, "InvalidResourceGroupLocation", lambda: groups.create_or_update("many0", {"location": "eastus"}))
        waits = [groups.begin_delete(f"many{n}") for n in range(5)]
        for wait in waits:
            wait.result()
        self.assertFalse(groups.check_existence("many0"))
        self.gone(lambda: groups.get("many0"))

    def test_providers(self):
        providers = self.groups.providers
        self.assertEqual(providers.get("Microsoft.Network").registration_state, "Registered")
        self.assertIn("Microsoft.Storage", [provider.namespace for provider in providers.list()])

    def test_locks(self):
        locks = self.client(ManagementLockClient).management_locks
        self.groups.resource_groups.create_or_update("held", {"location": REGION})
        for n in range(3):
            locks.create_or_update_at_resource_group_level("held", f"l{n}", {"level": "CanNotDelete", "notes": "x"})
        self.assertEqual(locks.get_at_resource_group_level("held", "l0").level, "CanNotDelete")
        self.assertEqual(self.names(locks.list_at_resource_group_level("held")), ["l0", "l1", "l2"])
        self.refused(409, "ScopeLocked", lambda: self.groups.resource_groups.begin_delete("held"))
        for n in range(3):
            locks.delete_at_resource_group_level("held", f"l{n}")
        self.groups.resource_groups.begin_delete("held").result()


class Network(Sandbox):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.network = cls.client(NetworkManagementClient)

    def test_networks_and_subnets(self):
        networks, subnets = self.network.virtual_networks, self.network.subnets
        space = {"location": REGION, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
        made = networks.begin_create_or_update(self.group, "v", space).result()
        self.assertEqual(made.provisioning_state, "Succeeded")
        for n in range(3):
            subnet = subnets.begin_create_or_update(self.group, "v", f"s{n}", {"properties": {"addressPrefix": f"10.0.{n}.0/24"}}).result()
            self.assertEqual(subnet.address_prefix, f"10.0.{n}.0/24")
        self.assertEqual(self.names(subnets.list(self.group, "v")), ["s0", "s1", "s2"])
        self.assertEqual(len(networks.get(self.group, "v").subnets), 3)
        self.assertEqual(networks.update_tags(self.group, "v", {"tags": {"a": "b"}}).tags, {"a": "b"})
        self.refused(
            400,
            "NetcfgSubnetRangesOverlap",
            lambda: subnets.begin_create_or_update(self.group, "v", "x", {"properties": {"addressPrefix": "10.0.0.0/25"}}),
        )
        again = networks.get(self.group, "v")
        again.dhcp_options = DhcpOptions(dns_servers=["10.0.0.4"])
        kept = networks.begin_create_or_update(self.group, "v", again).result()
        self.assertEqual((len(kept.subnets), kept.dhcp_options.dns_servers), (3, ["10.0.0.4"]), "what was read is written back")
        subnets.begin_delete(self.group, "v", "s0").result()
        self.gone(lambda: subnets.get(self.group, "v", "s0"))
        networks.begin_delete(self.group, "v").result()
        self.gone(lambda: networks.get(self.group, "v"))

    def test_security_groups(self):
        groups, rules = self.network.network_security_groups, self.network.security_rules
        groups.begin_create_or_update(self.group, "n", {"location": REGION}).result()
        for n in range(3):
            rule = {
                "protocol": "Tcp", "access": "Allow", "direction": "Inbound", "priority": 100 + n,
                "sourceAddressPrefix": "*", "sourcePortRange": "*",
                "destinationAddressPrefix": "*", "destinationPortRange": str(80 + n),
            }
            rules.begin_create_or_update(self.group, "n", f"r{n}", {"properties": rule}).result()
        self.assertEqual(self.names(rules.list(self.group, "n")), ["r0", "r1", "r2"])
        read = groups.get(self.group, "n")
        self.assertEqual((len(read.security_rules), len(read.default_security_rules)), (3, 6))
        written = groups.begin_create_or_update(self.group, "n", read).result()
        self.assertEqual(len(written.security_rules), 3)
        rules.begin_delete(self.group, "n", "r0").result()
        groups.begin_delete(self.group, "n").result()
        self.gone(lambda: groups.get(self.group, "n"))

    def test_addresses(self):
        addresses = self.network.public_ip_addresses
        body = {"location": REGION, "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}
        for n in range(3):
            made = addresses.begin_create_or_update(self.group, f"p{n}", body).result()
            self.assertTrue(made.ip_address)
        self.assertEqual(self.names(addresses.list(self.group)), ["p0", "p1", "p2"])
        made.idle_timeout_in_minutes = 10
        self.assertEqual(addresses.begin_create_or_update(self.group, "p2", made).result().idle_timeout_in_minutes, 10)
        for n in range(3):
            addresses.begin_delete(self.group, f"p{n}").result()
        self.gone(lambda: addresses.get(self.group, "p0"))

    def test_zones_and_records(self):
        dns = self.client(DnsManagementClient)
        zone = dns.zones.create_or_update(self.group, "example.org", {"location": "global"})
        self.assertEqual(len(zone.name_servers), 4)
        sets = {
            "A": {"a_records": [{"ipv4_address": "192.0.2.1"}]},
            "AAAA": {"aaaa_records": [{"ipv6_address": "2001:db8::1"}]},
            "CAA": {"caa_records": [{"flags": 0, "tag": "issue", "value": "ca.example.net"}]},
            "CNAME": {"cname_record": {"cname": "example.net"}},
            "MX": {"mx_records": [{"preference": 1, "exchange": "mail.example.net"}]},
            "NS": {"ns_records": [{"nsdname": "ns.example.net"}]},
            "PTR": {"ptr_records": [{"ptrdname": "host.example.net"}]},
            "SRV": {"srv_records": [{"priority": 1, "weight": 2, "port": 3, "target": "host.example.net"}]},
            "TXT": {"txt_records": [{"value": ["a", "b"]}]},
        }
        for kind, records in sets.items():
            name = f"on-{kind}".lower()
            made = dns.record_sets.create_or_update(self.group, "example.org", name, kind, {"ttl": 60, **records})
            read = dns.record_sets.get(self.group, "example.org", name, kind)
            self.assertEqual(made.as_dict(), read.as_dict())
            for attribute, value in records.items():
                self.assertEqual(read.as_dict()[attribute], value)
        self.assertEqual(len(self.names(dns.record_sets.list_by_dns_zone(self.group, "example.org"))), len(sets) + 2)
        self.refused(
            412,
            "PreconditionFailed",
            lambda: dns.record_sets.create_or_update(
                self.group, "example.org", "on-a", "A", {"ttl": 60}, if_none_match="*"
            ),
        )
        updated = dns.record_sets.update(self.group, "example.org", "on-a", "A", {"ttl": 120})
        self.assertEqual(updated.ttl, 120)
        for kind in sets:
            dns.record_sets.delete(self.group, "example.org", f"on-{kind}".lower(), kind)
        self.gone(lambda: dns.record_sets.get(self.group, "example.org", "on-a", "A"))
        dns.zones.begin_delete(self.group, "example.org").result()
        self.gone(lambda: dns.zones.get(self.group, "example.org"))


class Storage(Sandbox):
    def test_accounts_and_containers(self):
        storage = self.client(StorageManagementClient)
        accounts = storage.storage_accounts
        body = {"location": REGION, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
        self.assertTrue(accounts.check_name_availability({"name": "acc0", "type": "Microsoft.Storage/storageAccounts"}).name_available)
        for n in range(3):
            made = accounts.begin_create(self.group, f"acc{n}", body).result()
            self.assertEqual(made.provisioning_state, "Succeeded")
        self.assertEqual(self.names(accounts.list_by_resource_group(self.group)), ["acc0", "acc1", "acc2"])
        self.assertEqual(accounts.update(self.group, "acc0", {"tags": {"a": "b"}}).tags, {"a": "b"})
        keys = accounts.list_keys(self.group, "acc0").keys_property
        renewed = accounts.regenerate_key(self.group, "acc0", {"keyName": "key1"}).keys_property
        self.assertNotEqual(keys[0].value, renewed[0].value)
        services = storage.blob_services
        properties = {"properties": {"isVersioningEnabled": True, "deleteRetentionPolicy": {"enabled": True, "days": 7}}}
        services.set_service_properties(self.group, "acc0", properties)
        self.assertTrue(services.get_service_properties(self.group, "acc0").is_versioning_enabled)
        containers = storage.blob_containers
        for n in range(3):
            containers.create(self.group, "acc0", f"c-{n}", {"properties": {"metadata": {"n": str(n)}}})
        self.assertEqual(containers.get(self.group, "acc0", "c-1").metadata, {"n": "1"})
        self.assertEqual(self.names(containers.list(self.group, "acc0")), ["c-0", "c-1", "c-2"])
        self.assertEqual(containers.update(self.group, "acc0", "c-0", {"properties": {"metadata": {"x": "y"}}}).metadata["x"], "y")
        containers.delete(self.group, "acc0", "c-0")
        self.gone(lambda: containers.get(self.group, "acc0", "c-0"))
        self.refused(400, "AccountNameInvalid", lambda: accounts.begin_create(self.group, "Bad-Name".lower(), body))
        for n in range(3):
            accounts.delete(self.group, f"acc{n}")
        self.gone(lambda: accounts.get_properties(self.group, "acc0"))


class Identity(Sandbox):
    def test_identities_and_roles(self):
        msi = self.client(ManagedServiceIdentityClient)
        identities, credentials = msi.user_assigned_identities, msi.federated_identity_credentials
        for n in range(3):
            made = identities.create_or_update(self.group, f"who{n}", {"location": REGION})
            self.assertTrue(made.principal_id)
        self.assertEqual(self.names(identities.list_by_resource_group(self.group)), ["who0", "who1", "who2"])
        self.assertEqual(identities.update(self.group, "who0", {"tags": {"a": "b"}}).tags, {"a": "b"})
        for n in range(3):
            trust = {"issuer": "https://i.example.org", "subject": f"s{n}", "audiences": ["api://AzureADTokenExchange"]}
            credentials.create_or_update(self.group, "who0", f"trust{n}", trust)
        self.assertEqual(credentials.get(self.group, "who0", "trust1").subject, "s1")
        self.assertEqual(self.names(credentials.list(self.group, "who0")), ["trust0", "trust1", "trust2"])
        authorization = self.client(AuthorizationManagementClient)
        scope = self.groups.resource_groups.get(self.group).id
        roles = list(authorization.role_definitions.list(scope, filter="roleName eq 'Reader'"))
        self.assertEqual([role.role_name for role in roles], ["Reader"])
        assignments = authorization.role_assignments
        role = {"role_definition_id": roles[0].id, "principal_type": "ServicePrincipal"}
        made = []
        for n in range(3):
            principal = identities.get(self.group, f"who{n}").principal_id
            made.append(str(uuid.uuid5(uuid.NAMESPACE_URL, principal)))
            assignments.create(scope, made[n], {**role, "principal_id": principal})
        self.refused(
            409,
            "RoleAssignmentExists",
            lambda: assignments.create(scope, str(uuid.uuid4()), {**role, "principal_id": principal}),
        )
        self.assertEqual(assignments.get(scope, made[0]).scope, scope)
        self.assertEqual(set(self.names(assignments.list_for_scope(scope))), set(made))
        for name in made:
            self.assertEqual(assignments.delete(scope, name).name, name)
        credentials.delete(self.group, "who0", "trust0")
        self.gone(lambda: credentials.get(self.group, "who0", "trust0"))
        for n in range(3):
            identities.delete(self.group, f"who{n}")
        self.gone(lambda: identities.get(self.group, "who0"))


class Kubernetes(Sandbox):
    def test_clusters_and_pools(self):
        aks = self.client(ContainerServiceClient)
        clusters, pools = aks.managed_clusters, aks.agent_pools
        body = {
            "location": REGION,
            "identity": {"type": "SystemAssigned"},
            "properties": {
                "dnsPrefix": "k",
                "kubernetesVersion": "1.32.6",
                "agentPoolProfiles": [{"name": "sys", "count": 1, "vmSize": "Standard_D2s_v5", "mode": "System"}],
            },
        }
        made = clusters.begin_create_or_update(self.group, "k", body).result()
        self.assertEqual((made.provisioning_state, made.power_state.code), ("Succeeded", "Running"))
        for n in range(2):
            pool = {"properties": {"count": 1, "vmSize": "Standard_D2s_v5", "mode": "User"}}
            self.assertEqual(pools.begin_create_or_update(self.group, "k", f"p{n}", pool).result().count, 1)
        self.assertEqual(self.names(pools.list(self.group, "k")), ["p0", "p1", "sys"])
        self.refused(
            409,
            "PropertyChangeNotAllowed",
            lambda: pools.begin_create_or_update(
                self.group, "k", "p0", {"properties": {**pool["properties"], "vmSize": "Standard_D4s_v5"}}
            ),
        )
        self.refused(400, "OperationNotAllowed", lambda: pools.begin_delete(self.group, "k", "sys"))
        read = clusters.get(self.group, "k")
        read.kubernetes_version = "1.33.3"
        upgraded = clusters.begin_create_or_update(self.group, "k", read).result()
        self.assertEqual(upgraded.current_kubernetes_version, "1.33.3")
        self.assertTrue(clusters.get_upgrade_profile(self.group, "k").control_plane_profile.upgrades)
        tagged = clusters.begin_update_tags(self.group, "k", {"tags": {"a": "b"}}).result()
        self.assertEqual(tagged.tags, {"a": "b"})
        config = clusters.list_cluster_user_credentials(self.group, "k").kubeconfigs[0].value
        self.assertIn(b"current-context: k", base64.b64decode(config) if not config.startswith(b"apiVersion") else bytes(config))
        clusters.begin_stop(self.group, "k").result()
        self.assertEqual(clusters.get(self.group, "k").power_state.code, "Stopped")
        clusters.begin_start(self.group, "k").result()
        pools.begin_delete(self.group, "k", "p0").result()
        self.gone(lambda: pools.get(self.group, "k", "p0"))
        self.assertEqual([cluster.name for cluster in clusters.list()], ["k"])
        clusters.begin_delete(self.group, "k").result()
        self.gone(lambda: clusters.get(self.group, "k"))


# What the tests have in common is none itself.
del Sandbox


if __name__ == "__main__":
    unittest.main(verbosity=2)
