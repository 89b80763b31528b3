//! Virtual networks, subnets, security groups and addresses.

use aurak_sandbox::{Method, Request};
use serde_json::{Value, json};

use crate::kit::Lab;

const VNET: &str = "@/Microsoft.Network/virtualNetworks/v 2025-01-01";
const SUBNET: &str = "@/Microsoft.Network/virtualNetworks/v/subnets/a 2025-01-01";
const OTHER: &str = "@/Microsoft.Network/virtualNetworks/v/subnets/b 2025-01-01";
const NSG: &str = "@/Microsoft.Network/networkSecurityGroups/n 2025-01-01";
const RULE: &str = "@/Microsoft.Network/networkSecurityGroups/n/securityRules/r 2025-01-01";
const IP: &str = "@/Microsoft.Network/publicIPAddresses/p 2025-01-01";

fn vnet(subnets: Value) -> Value {
    json!({
        "location": "westeurope",
        "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] }, "subnets": subnets },
    })
}

fn subnet(prefix: &str) -> Value {
    json!({ "properties": { "addressPrefix": prefix } })
}

fn rule(priority: i64) -> Value {
    json!({ "properties": {
        "protocol": "Tcp", "access": "Allow", "direction": "Inbound", "priority": priority,
        "sourceAddressPrefix": "*", "sourcePortRange": "*",
        "destinationAddressPrefix": "VirtualNetwork", "destinationPortRange": "443",
    } })
}

fn address() -> Value {
    json!({
        "location": "westeurope",
        "sku": { "name": "Standard" },
        "properties": { "publicIPAllocationMethod": "Static" },
    })
}

fn lab() -> Lab {
    let mut lab = Lab::new();
    lab.group();
    lab.make(VNET, vnet(json!([{ "name": "a", "properties": { "addressPrefix": "10.0.0.0/24" } }])));
    lab
}

#[test]
fn a_network_is_made_over_time() {
    let mut lab = Lab::new();
    lab.group();
    let made =
        lab.put(VNET, vnet(json!([{ "name": "a", "properties": { "addressPrefix": "10.0.0.0/24" } }])));
    assert_eq!((made.status, made.header("Retry-After")), (201, Some("10")));
    assert_eq!(made.body["properties"]["provisioningState"], "Creating");
    let link = made.link("Azure-AsyncOperation");
    assert!(link.contains("/providers/Microsoft.Network/locations/westeurope/operations/"), "{link}");
    let follow = |lab: &mut Lab| {
        let request =
            Request::new(Method::Get, &link).header("authorization", &format!("Bearer {}", lab.token));
        lab.send(request)
    };
    let running = follow(&mut lab);
    assert_eq!((running.status, running.body["status"].as_str()), (200, Some("InProgress")));
    lab.now += 4_000;
    assert_eq!(follow(&mut lab).body["status"], "Succeeded");
    let read = lab.get(VNET);
    assert_eq!(read.header("ETag"), read.body["etag"].as_str());
    let inner = &read.body["properties"]["subnets"][0];
    assert_eq!(inner["properties"]["provisioningState"], "Succeeded");
    assert_eq!(*inner, lab.get(SUBNET).body, "a subnet reads the same alone and in its network");
    assert_eq!(inner["type"], "Microsoft.Network/virtualNetworks/subnets");
}

#[test]
fn a_put_without_its_subnets_deletes_them() {
    let mut lab = lab();
    lab.make(OTHER, subnet("10.0.1.0/24"));
    assert_eq!(lab.list("@/Microsoft.Network/virtualNetworks/v/subnets 2025-01-01").0.len(), 2);
    let patched = lab.ask(&format!("PATCH {VNET}"), json!({ "tags": { "a": "b" } }));
    assert_eq!(patched.body["properties"]["subnets"].as_array().map(Vec::len), Some(2), "PATCH leaves them");
    lab.rest();
    lab.make(VNET, vnet(json!([{ "name": "b", "properties": { "addressPrefix": "10.0.1.0/24" } }])));
    lab.get(SUBNET).refused(404, "ResourceNotFound");
    let bare = json!({ "location": "westeurope", "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] } } });
    let left = lab.make(VNET, bare);
    assert_eq!(left["properties"]["subnets"], json!([]));
    assert_eq!(left.get("tags"), None);
}

#[test]
fn one_operation_at_a_time_in_a_network() {
    let mut lab = lab();
    assert_eq!(lab.put(SUBNET, subnet("10.0.0.0/24")).status, 200);
    for got in [
        lab.put(OTHER, subnet("10.0.1.0/24")),
        lab.put(SUBNET, subnet("10.0.0.0/24")),
        lab.put(VNET, vnet(json!([]))),
        lab.ask(&format!("PATCH {VNET}"), json!({ "tags": {} })),
        lab.delete(SUBNET),
        lab.delete(VNET),
    ] {
        got.refused(429, "AnotherOperationInProgress");
        assert!(got.header("Retry-After").is_some());
    }
    lab.rest();
    assert_eq!(lab.put(OTHER, subnet("10.0.1.0/24")).status, 201);
}

#[test]
fn ranges_are_checked() {
    let mut lab = lab();
    for (prefix, code) in [
        ("10.1.0.0/24", "NetcfgSubnetRangeOutsideVnet"),
        ("10.0.0.128/25", "NetcfgSubnetRangesOverlap"),
        ("10.0.1.0/30", "NetcfgInvalidSubnet"),
        ("10.0.1.1/24", "InvalidCIDRNotation"),
        ("10.0.1", "InvalidAddressPrefixFormat"),
    ] {
        lab.put(OTHER, subnet(prefix)).refused(400, code);
    }
    lab.put(OTHER, json!({ "properties": {} })).refused(400, "NetcfgInvalidSubnet");
    let two = json!([
        { "name": "a", "properties": { "addressPrefix": "10.0.0.0/24" } },
        { "name": "b", "properties": { "addressPrefixes": ["10.0.0.0/25"] } },
    ]);
    lab.put(VNET, vnet(two)).refused(400, "NetcfgSubnetRangesOverlap");
    let twice = json!([{ "name": "a", "properties": { "addressPrefix": "10.0.0.0/24" } }, { "name": "A" }]);
    lab.put(VNET, vnet(twice)).refused(400, "InvalidRequestFormat");
    lab.put(VNET, json!({ "location": "westeurope", "properties": {} }))
        .refused(400, "VnetAddressSpaceNotSpecified");
    let over = json!({ "location": "westeurope", "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/16", "10.0.1.0/24"] } } });
    lab.put(VNET, over).refused(400, "VnetAddressSpaceOverlaps");
    let smaller = json!({ "location": "westeurope", "properties": {
        "addressSpace": { "addressPrefixes": ["10.9.0.0/16"] },
        "subnets": [{ "name": "a", "properties": { "addressPrefix": "10.0.0.0/24" } }],
    } });
    lab.put(VNET, smaller).refused(400, "NetcfgSubnetRangeOutsideVnet");
}

#[test]
fn bodies_and_names_are_checked() {
    let mut lab = lab();
    lab.put(VNET, json!({ "location": "westeurope", "properties": { "adressSpace": {} } }))
        .refused(400, "InvalidRequestFormat");
    lab.put(NSG, json!({ "location": "westeurope", "properties": { "flushConnection": "yes" } }))
        .refused(400, "InvalidRequestFormat");
    lab.put("@/Microsoft.Network/virtualNetworks/-v 2025-01-01", vnet(json!([])))
        .refused(400, "InvalidResourceName");
    lab.put("@/Microsoft.Network/virtualNetworks/x 2025-01-01", json!({})).refused(400, "LocationRequired");
    let mars = json!({ "location": "mars" });
    lab.put("@/Microsoft.Network/virtualNetworks/x 2025-01-01", mars)
        .refused(400, "LocationNotAvailableForResourceType");
    let mut moved = vnet(json!([]));
    moved["location"] = json!("northeurope");
    lab.put(VNET, moved).refused(409, "InvalidResourceLocation");
    lab.put("@/Microsoft.Network/virtualNetworks/none/subnets/a 2025-01-01", subnet("10.0.0.0/24"))
        .refused(404, "ParentResourceNotFound");
    lab.get("@/Microsoft.Network/virtualNetworks/none/subnets/a 2025-01-01")
        .refused(404, "ParentResourceNotFound");
    lab.get("@/Microsoft.Network/virtualNetworks/none/subnets 2025-01-01")
        .refused(404, "ParentResourceNotFound");
    lab.ask(&format!("PATCH {SUBNET}"), json!({})).refused(405, "HttpMethodNotSupported");
    lab.ask(&format!("PATCH {VNET}"), json!({ "properties": {} })).refused(400, "InvalidRequestContent");
    lab.ask(&format!("POST {}", VNET.replace(" ", "/explode ")), json!({}))
        .refused(404, "InvalidResourceType");
}

#[test]
fn what_is_referenced_has_to_be_there_and_stays() {
    let mut lab = lab();
    let id = |lab: &Lab, name: &str| {
        format!(
            "/subscriptions/{}/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/{name}",
            lab.subscription
        )
    };
    let with = |id: String| json!({ "properties": { "addressPrefix": "10.0.0.0/24", "networkSecurityGroup": { "id": id } } });
    let missing = with(id(&lab, "none"));
    lab.put(SUBNET, missing).refused(400, "InvalidResourceReference");
    lab.make("@/Microsoft.Network/networkSecurityGroups/far 2025-01-01", json!({ "location": "eastus" }));
    let far = with(id(&lab, "far"));
    lab.put(SUBNET, far).refused(400, "InvalidResourceReference");
    lab.make(NSG, json!({ "location": "westeurope" }));
    lab.put(NSG, json!({ "location": "westeurope" }));
    let near = with(id(&lab, "N"));
    lab.put(SUBNET, near.clone()).refused(429, "RetryableError");
    lab.rest();
    lab.make(SUBNET, near);
    lab.delete(NSG).refused(400, "InUseNetworkSecurityGroupCannotBeDeleted");
    assert_eq!(lab.get(NSG).body["properties"]["subnets"].as_array().map(Vec::len), Some(1));
    lab.make(SUBNET, subnet("10.0.0.0/24"));
    lab.remove(NSG);
    lab.get(NSG).refused(404, "ResourceNotFound");
    assert_eq!(lab.delete(NSG).status, 204);
}

#[test]
fn etags_guard_writes() {
    let mut lab = lab();
    let tag = lab.get(SUBNET).body["etag"].as_str().expect("an etag").to_owned();
    let put = |lab: &mut Lab, header: &str, value: &str| {
        let request =
            lab.request(&format!("PUT {SUBNET}")).header(header, value).json(&subnet("10.0.0.0/24"));
        lab.send(request)
    };
    put(&mut lab, "If-Match", "W/\"other\"").refused(412, "PreconditionFailed");
    put(&mut lab, "If-None-Match", "*").refused(412, "PreconditionFailed");
    assert_eq!(put(&mut lab, "If-Match", &tag).status, 200);
    lab.rest();
    put(&mut lab, "If-Match", &tag).refused(412, "PreconditionFailed");
    let request = lab.request(&format!("DELETE {SUBNET}")).header("If-Match", &tag);
    lab.send(request).refused(412, "PreconditionFailed");
}

#[test]
fn rules_of_a_security_group_are_checked() {
    let mut lab = lab();
    lab.make(
        NSG,
        json!({ "location": "westeurope", "properties": { "securityRules": [
        { "name": "first", "properties": rule(100)["properties"] },
    ] } }),
    );
    let with = |path: &str, value: Value| {
        let mut body = rule(200);
        body["properties"][path] = value;
        body
    };
    for (body, code) in [
        (rule(99), "SecurityRuleInvalidPriority"),
        (rule(4097), "SecurityRuleInvalidPriority"),
        (rule(100), "SecurityRuleConflict"),
        (with("destinationPortRange", json!("70000")), "SecurityRuleInvalidPortRange"),
        (with("destinationPortRange", json!("20-10")), "SecurityRuleInvalidPortRange"),
        (with("sourceAddressPrefix", json!("10.0.0.0/33")), "SecurityRuleInvalidAddressPrefix"),
        (
            with("sourceAddressPrefixes", json!(["10.0.0.0/8"])),
            "SecurityRuleParameterContainsSingularAndPlural",
        ),
        (with("sourceAddressPrefix", Value::Null), "SecurityRuleInvalidAddressPrefix"),
        (with("protocol", json!("Smtp")), "InvalidRequestFormat"),
        (with("access", Value::Null), "InvalidRequestFormat"),
        (json!({}), "InvalidRequestFormat"),
    ] {
        lab.put(RULE, body).refused(400, code);
    }
    let both = json!({ "location": "westeurope", "properties": { "securityRules": [
        { "name": "x", "properties": rule(100)["properties"] },
        { "name": "y", "properties": rule(100)["properties"] },
    ] } });
    lab.put(NSG, both).refused(400, "SecurityRuleConflict");
    lab.make(RULE, with("direction", json!("outbound")));
    let group = lab.get(NSG).body;
    assert_eq!(group["properties"]["securityRules"].as_array().map(Vec::len), Some(2));
    assert_eq!(group["properties"]["securityRules"][1]["properties"]["direction"], "Outbound");
    assert_eq!(group["properties"]["defaultSecurityRules"].as_array().map(Vec::len), Some(6));
    lab.remove(RULE);
    lab.make(NSG, json!({ "location": "westeurope" }));
    assert_eq!(
        lab.get(NSG).body["properties"]["securityRules"],
        json!([]),
        "a PUT without its rules deletes them"
    );
}

#[test]
fn addresses_are_standard_and_static() {
    let mut lab = lab();
    let with = |path: &str, value: Value| {
        let mut body = address();
        *body.pointer_mut(path).expect(path) = value;
        body
    };
    lab.put(IP, json!({ "location": "westeurope" })).refused(400, "IPv4BasicSkuPublicIpCountLimitReached");
    lab.put(IP, with("/sku/name", json!("Basic"))).refused(400, "IPv4BasicSkuPublicIpCountLimitReached");
    let dynamic = with("/properties/publicIPAllocationMethod", json!("Dynamic"));
    lab.put(IP, dynamic).refused(400, "StandardSkuPublicIPAddressesMustBeStatic");
    let idle = |minutes: i64| {
        with("/properties", json!({ "publicIPAllocationMethod": "Static", "idleTimeoutInMinutes": minutes }))
    };
    lab.put(IP, idle(3)).refused(400, "InvalidRequestFormat");
    lab.put(IP, idle(31)).refused(400, "InvalidRequestFormat");
    let made = lab.make(IP, idle(30));
    assert_eq!(made["properties"]["idleTimeoutInMinutes"], 30);
    let again = lab.make(IP, address());
    assert_eq!(again["properties"]["ipAddress"], made["properties"]["ipAddress"], "an address stays");
    assert_eq!(again["properties"]["idleTimeoutInMinutes"], 4, "what a PUT leaves out takes its default");
    lab.put(IP, with("/sku/name", json!("StandardV2"))).refused(409, "PropertyChangeNotAllowed");
    let six = with(
        "/properties",
        json!({ "publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv6" }),
    );
    lab.put(IP, six).refused(409, "PropertyChangeNotAllowed");
    let mut zoned = address();
    zoned["zones"] = json!(["1"]);
    lab.put(IP, zoned).refused(400, "ResourceAvailabilityZonesCannotBeModified");
}

#[test]
fn host_names_of_addresses_are_one_in_a_region() {
    let mut lab = lab();
    let labelled = |label: &str| {
        let mut body = address();
        body["properties"]["dnsSettings"] = json!({ "domainNameLabel": label });
        body
    };
    lab.put(IP, labelled("Mine_")).refused(400, "InvalidDomainNameLabel");
    let made = lab.make(IP, labelled("mine"));
    assert_eq!(made["properties"]["dnsSettings"]["fqdn"], "mine.westeurope.cloudapp.azure.com");
    let second = "@/Microsoft.Network/publicIPAddresses/q 2025-01-01";
    lab.put(second, labelled("mine")).refused(400, "DnsRecordInUse");
    let mut elsewhere = labelled("mine");
    elsewhere["location"] = json!("eastus");
    assert_eq!(lab.put(second, elsewhere).status, 201);
}

#[test]
fn networks_are_listed_in_group_and_subscription() {
    let mut lab = lab();
    lab.make("~/resourceGroups/h 2024-11-01", json!({ "location": "westeurope" }));
    lab.make("~/resourceGroups/h/providers/Microsoft.Network/virtualNetworks/w 2025-01-01", vnet(json!([])));
    assert_eq!(lab.list("@/Microsoft.Network/virtualNetworks 2025-01-01").0.len(), 1);
    assert_eq!(lab.list("~/providers/Microsoft.Network/virtualNetworks 2025-01-01").0.len(), 2);
    let (all, _) = lab.list("~/resources?$expand=provisioningState,createdTime 2021-04-01");
    assert_eq!(all.len(), 2, "subnets have no location and are not in it");
    assert_eq!((&all[0]["provisioningState"], all[0].get("properties")), (&json!("Succeeded"), None));
    let (found, _) = lab.list(
        "~/resources?$filter=resourceType+eq+'microsoft.network/virtualnetworks'+and+name+eq+'w' 2021-04-01",
    );
    assert_eq!(found.len(), 1);
    lab.get("~/providers/Microsoft.Network/virtualNetworks/v/subnets 2025-01-01")
        .refused(404, "ParentResourceNotFound");
}
