//! Plans and events as JSON.

use aurak_model::event::{Event, Report, StepEnd};
use aurak_model::record::EndResult;
use aurak_model::{StepId, Value};
use insta::assert_snapshot;

use super::*;
use crate::fixtures::{odd, picture};
use crate::plan::PlanView;

fn pretty(json: &Json) -> String {
    serde_json::to_string_pretty(json).unwrap()
}

#[test]
fn the_picture_as_json() {
    let (plan, report) = picture();
    let files = Files::default();
    let json = super::plan(&PlanView { plan: &plan, report: &report, files: &files, took_ms: Some(800) });
    assert_snapshot!(pretty(&json), @r#"
    {
      "about_ms": 780000,
      "base": {
        "program": "",
        "rows": {},
        "serial": 0,
        "state": ""
      },
      "changes": [
        {
          "action": "delete",
          "address": "legacy_store",
          "data_loss": "3 containers",
          "differences": [],
          "drift": [],
          "place": "storage.yaml:12",
          "reasons": [
            {
              "reason": "not_in_configuration",
              "text": "no longer in the stack; it was at storage.yaml:12"
            }
          ],
          "steps": [],
          "type": "azure.storage_account"
        },
        {
          "about_ms": 660000,
          "action": "replace",
          "address": "pools[\"nlp\"]",
          "differences": [
            {
              "after": "Standard_D8s_v5",
              "before": "Standard_D4s_v5",
              "forces": true,
              "path": "vmSize",
              "place": "config.yml:41:13"
            }
          ],
          "drift": [],
          "order": "rotate",
          "reasons": [
            {
              "path": "vmSize",
              "reason": "immutable_attribute",
              "text": "vmSize cannot be changed"
            }
          ],
          "steps": [],
          "type": "azure.agent_pool"
        },
        {
          "about_ms": 110000,
          "action": "update",
          "address": "pools[\"common\"]",
          "differences": [
            {
              "after": 8,
              "before": 5,
              "forces": false,
              "path": "maxCount",
              "place": "config.yml:36:16"
            }
          ],
          "drift": [],
          "reasons": [
            {
              "reason": "configuration_changed",
              "text": "its configuration changed"
            }
          ],
          "steps": [],
          "type": "azure.agent_pool"
        },
        {
          "action": "update",
          "address": "storage.account",
          "differences": [
            {
              "after": false,
              "before": true,
              "forces": false,
              "path": "allowBlobPublicAccess",
              "place": "storage.yaml:7:5"
            }
          ],
          "drift": [
            {
              "after": true,
              "before": false,
              "forces": false,
              "path": "allowBlobPublicAccess"
            }
          ],
          "reasons": [
            {
              "reason": "changed_outside",
              "text": "it was changed outside aurak and is set back"
            }
          ],
          "steps": [],
          "type": "azure.storage_account"
        },
        {
          "action": "create",
          "address": "system.grafana.dns",
          "differences": [
            {
              "after": {
                "after": [
                  "system.ingress"
                ],
                "type": "string",
                "unknown": true
              },
              "forces": false,
              "path": "ARecords[0]"
            },
            {
              "after": 300,
              "forces": false,
              "path": "ttl",
              "place": "system/dns.yaml:4:10"
            },
            {
              "after": {
                "changed": true,
                "sensitive": true
              },
              "forces": false,
              "path": "token"
            }
          ],
          "drift": [],
          "reasons": [
            {
              "reason": "not_yet_there",
              "text": "it is new in the stack"
            }
          ],
          "steps": [],
          "type": "azure.dns_record_set"
        }
      ],
      "conditions": [],
      "critical_ms": 780000,
      "critical_path": [
        "pools[\"nlp\"]",
        "system.ingress",
        "system.grafana.dns"
      ],
      "deferred": [],
      "environment": "es-pre",
      "findings": [
        {
          "address": "legacy_store",
          "code": "asleep",
          "labels": [],
          "severity": "warning",
          "summary": "could not be read: stopped"
        }
      ],
      "format": "aurak.plan/1",
      "has_changes": true,
      "mode": "apply",
      "outputs": [],
      "overrides": [],
      "reading": {
        "requests": 31,
        "resources": 43,
        "rounds": 2,
        "took_ms": 800
      },
      "stack": "aura-es-pre",
      "steps": [],
      "summary": {
        "create": 1,
        "data_loss": 1,
        "deferred": 0,
        "delete": 1,
        "drifted": 1,
        "forget": 0,
        "import": 0,
        "move": 0,
        "no_op": 0,
        "read": 0,
        "replace": 1,
        "unchanged": 38,
        "update": 2
      },
      "unchanged": 38
    }
    "#);
}

#[test]
fn secrets_stay_out_and_say_whether_they_change() {
    let (plan, report) = odd();
    let files = Files::default();
    let json = super::plan(&PlanView { plan: &plan, report: &report, files: &files, took_ms: None });
    assert!(!json.to_string().contains("canary"));
    assert_eq!(json["changes"][0]["differences"][0]["after"], json!({ "sensitive": true, "changed": true }));
    assert_eq!(json["changes"][0]["differences"][1]["after"], json!({ "sensitive": true, "changed": false }));
    assert_eq!(
        json["outputs"][0]["after"],
        json!({ "unknown": true, "after": ["cluster"], "type": "string", "sensitive": true })
    );
    assert!(json["outputs"][4].get("after").is_none());
}

#[test]
fn data_that_looks_like_a_mark_is_told_apart() {
    let like = Value::map([("sensitive", Value::Bool(true))]);
    assert_eq!(value(&like), json!({ "literal": { "sensitive": true } }));
    assert_eq!(
        value(&Value::map([("literal", like)])),
        json!({ "literal": { "literal": { "literal": { "sensitive": true } } } })
    );
    assert_eq!(value(&Value::from("canary").sensitive()), json!({ "sensitive": true }));
    assert_eq!(value(&Value::map([("sensitive", Value::from("no"))])), json!({ "sensitive": "no" }));
}

#[test]
fn events_as_json() {
    let steps = Vec::new();
    let reports = [
        Report::Started {
            operation: aurak_model::record::OperationId("op1".into()),
            stack: "demo".into(),
            environment: None,
            steps,
            about_ms: Some(1500),
        },
        Report::StepStarted { step: StepId(3) },
        Report::StepFinished {
            step: StepId(3),
            took_ms: 20,
            end: StepEnd::Failed(Box::new(Diagnostic::error("refused", "403").help("ask for a role"))),
        },
        Report::StepFinished {
            step: StepId(4),
            took_ms: 0,
            end: StepEnd::Skipped { why: "a failed".into(), because: Some(StepId(3)) },
        },
        Report::Stopping { now: false },
        Report::Finished { result: EndResult::NeedsApproval, done: 1, failed: 1, skipped: 1 },
    ];
    let lines: Vec<String> = reports
        .into_iter()
        .enumerate()
        .map(|(n, report)| event(&Event { n: n as u64, at_ms: 5, report }, &Files::default()).to_string())
        .collect();
    assert_snapshot!(lines.join("\n"), @r#"
    {"about_ms":1500,"at_ms":5,"event":"started","format":"aurak.event/1","n":0,"operation":"op1","stack":"demo","steps":[]}
    {"at_ms":5,"event":"step_started","format":"aurak.event/1","n":1,"step":3}
    {"at_ms":5,"end":"failed","error":{"code":"refused","help":"ask for a role","labels":[],"severity":"error","summary":"403"},"event":"step_finished","format":"aurak.event/1","n":2,"step":3,"took_ms":20}
    {"at_ms":5,"because":3,"end":"skipped","event":"step_finished","format":"aurak.event/1","n":3,"step":4,"took_ms":0,"why":"a failed"}
    {"at_ms":5,"event":"stopping","format":"aurak.event/1","n":4,"now":false}
    {"at_ms":5,"done":1,"event":"finished","failed":1,"format":"aurak.event/1","n":5,"result":"needs_approval","skipped":1}
    "#);
}
