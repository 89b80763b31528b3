//! Sign-in on another device: a code for the client, a shorter one for the person, and a page where
//! it is typed.

use serde_json::json;

use super::token::{Grant, answer, audience};
use super::{Denied, Form};
use crate::arm::{Azure, fingerprint};
use crate::http::{Content, Method, Request, Response, parse_pairs};
use crate::world::{Device, World};

/// Seconds.
const LIFETIME: i64 = 900;
const INTERVAL: i64 = 5;

pub(super) fn begin(azure: &Azure, world: &mut World, now: i64, form: &Form) -> Result<Response, Denied> {
    let client_id = form.need("client_id")?.to_owned();
    let scope = form.need("scope")?.to_owned();
    audience(azure, form)?;
    let stale: Vec<String> = world
        .devices
        .iter()
        .filter(|(_, device)| device.expires <= now)
        .map(|(code, _)| code.clone())
        .collect();
    for code in stale {
        world.devices.remove(&code);
    }
    let code = world.guid();
    let user_code = fingerprint(&code)[..9].to_ascii_uppercase();
    world.devices.insert(
        code.clone(),
        Device {
            user_code: user_code.clone(),
            client_id,
            scope,
            expires: now + LIFETIME * 1000,
            approved: false,
            asked: now,
        },
    );
    let page = format!("{}/devicelogin", azure.base);
    Ok(Response::json(
        200,
        json!({
            "user_code": user_code,
            "device_code": code,
            "verification_uri": page,
            "expires_in": LIFETIME,
            "interval": INTERVAL,
            "message": format!("To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."),
        }),
    ))
}

pub(super) fn redeem(azure: &Azure, world: &mut World, now: i64, form: &Form) -> Result<Response, Denied> {
    let client = form.need("client_id")?;
    let code = form.get("device_code").or_else(|| form.get("code")).unwrap_or_default().to_owned();
    let Some(device) = world.devices.get(&code).filter(|device| device.client_id == client) else {
        return Err(Denied::new(400, "bad_verification_code", 70_018, "The device code is not valid."));
    };
    if device.expires <= now {
        world.devices.remove(&code);
        return Err(Denied::new(
            400,
            "expired_token",
            70_020,
            "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
        ));
    }
    if !device.approved {
        let early = now - device.asked < INTERVAL * 1000 / 2;
        if let Some(device) = world.devices.get_mut(&code) {
            device.asked = now;
        }
        return Err(if early {
            Denied::new(
                400,
                "slow_down",
                70_017,
                "The device code was asked for too often; ask less frequently.",
            )
        } else {
            Denied::new(
                400,
                "authorization_pending",
                70_016,
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
            )
        });
    }
    let (client_id, scope) = (device.client_id.clone(), device.scope.clone());
    world.devices.remove(&code);
    let asked = Form(vec![("scope".to_owned(), scope)]);
    let audience = audience(azure, &asked)?;
    let object = world.identity().client_object.clone();
    let grant = Grant { object_id: &object, client_id: &client_id, audience: &audience, user: true };
    Ok(answer(azure, world, now, &grant, &asked))
}

/// `GET /devicelogin` shows a form, `POST` takes the code.
pub(super) fn page(world: &mut World, now: i64, request: &Request) -> Response {
    let html = |status, text: &str| Response {
        status,
        content: Content::Html(format!(
            "<!doctype html><title>Sandbox sign-in</title><h1>Sandbox sign-in</h1><p>{text}</p>\n"
        )),
        ..Response::default()
    };
    match request.method {
        Method::Get | Method::Head => html(
            200,
            "<form method=\"post\"><label>Code <input name=\"user_code\" autofocus></label> <button>Sign in</button></form>",
        ),
        Method::Post => {
            let fields = parse_pairs(&String::from_utf8_lossy(&request.body));
            let typed =
                fields.iter().find(|(name, _)| name == "user_code").map(|(_, code)| code.trim().to_owned());
            let found = world
                .devices
                .iter()
                .find(|(_, device)| {
                    device.expires > now
                        && typed.as_ref().is_some_and(|typed| typed.eq_ignore_ascii_case(&device.user_code))
                })
                .map(|(code, _)| code.clone());
            match found.and_then(|code| world.devices.get_mut(&code)) {
                Some(device) => {
                    device.approved = true;
                    html(200, "You have signed in. You may now close this window.")
                }
                None => html(400, "That code didn't work. Check the code and try again."),
            }
        }
        _ => html(405, "This page is read or posted to."),
    }
}
