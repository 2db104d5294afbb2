#include "profiles/csr.h"
#include "ca/engine/ops.h"

/* The operations and their arguments. Limits are octets. */

#define TEXT V_ASN1_UTF8STRING
#define BYTES V_ASN1_OCTET_STRING
#define INT V_ASN1_INTEGER
#define FLAG V_ASN1_BOOLEAN
#define TIME V_ASN1_GENERALIZEDTIME

#define NAME_MAX_LEN 255
#define CERT_DER_MAX (32 * 1024)

static const struct ops_arg A_ENROLL[] = {
    {"label", TEXT, OPS_REQUIRED, 64},
    {"renew", FLAG, 0, 0},
    {"keygen", FLAG, 0, 0},
    {"csr", BYTES, OPS_REQUIRED, CSR_MAX},
    {"chain", BYTES, OPS_MANY, CERT_DER_MAX},
    {"user", TEXT, 0, 128},
    {"secret", TEXT, 0, 256},
    {"tls_unique", BYTES, 0, 64},
    {"tls_exporter", BYTES, 0, 64},
    {"tls_version", TEXT, 0, 16},
    {"address", TEXT, 0, 64},
    {"client", TEXT, 0, 256},
    {"shape", TEXT, 0, 255},
    {"server_sha256", BYTES, OPS_MANY, 32},
    {"session", TEXT, 0, 64},
};
static const struct ops_arg A_EVIDENCE_SHOW[] = {
    {"serial", TEXT, 0, 40},
    {"issuer", TEXT, 0, 79},
    {"csr", BYTES, 0, CSR_MAX},
};
static const struct ops_arg A_EVIDENCE_CHECK[] = {
    {"csr", BYTES, OPS_REQUIRED, CSR_MAX},
    {"fleet", TEXT, OPS_REQUIRED, 63},
    {"device", TEXT, 0, NAME_MAX_LEN},
    {"nonce", TEXT, 0, 128},
};
static const struct ops_arg A_EVIDENCE_REPLAY[] = {
    {"fleet", TEXT, OPS_REQUIRED, 63},
    {"last", INT, OPS_REQUIRED, 0},
};
static const struct ops_arg A_NONCE[] = {
    {"label", TEXT, OPS_REQUIRED, 64},
    {"chain", BYTES, OPS_MANY, CERT_DER_MAX},
    {"len", INT, 0, 0},
    {"type", TEXT, 0, 128},
    {"ek_cert", BYTES, OPS_MANY, 8 * 1024},
    {"ek_public", BYTES, 0, 1024},
    {"ak_public", BYTES, 0, 1024},
    {"address", TEXT, 0, 64},
    {"client", TEXT, 0, 256},
};
static const struct ops_arg A_RENEW_OWN[] = {
    {"csr", BYTES, OPS_REQUIRED, CSR_MAX},
    {"current", BYTES, OPS_REQUIRED, CERT_DER_MAX},
    {"proof", BYTES, OPS_REQUIRED, 1024},
};
static const struct ops_arg A_TELL_OWN[] = {
    {"name", TEXT, OPS_REQUIRED, 79},
    {"view", TEXT, OPS_REQUIRED, 200},
    {"age", INT, 0, 0},
    {"validity", INT, 0, 0},
    {"refresh", INT, 0, 0},
    {"issuer", TEXT, OPS_MANY, 79},
    {"state", TEXT, OPS_MANY, 200},
    {"rate", INT, OPS_MANY, 0},
    {"budget", INT, OPS_MANY, 0},
};
static const struct ops_arg A_OCSP_PLAN[] = {
    {"issuer", TEXT, 0, 79},
    {"fleet_size", INT, 0, 0},
    {"validity", INT, 0, 0},
    {"refresh", INT, 0, 0},
    {"rate", INT, 0, 0},
    {"hashes", INT, 0, 0},
};
static const struct ops_arg A_STOP[] = {{"reason", TEXT, 0, 100}};
static const struct ops_arg A_RESUME[] = {{"confirm_time", FLAG, 0, 0}};
static const struct ops_arg A_TOKEN_RESUME[] = {
    {"token", TEXT, 0, 63}, {"reason", TEXT, OPS_REQUIRED, 256}};
static const struct ops_arg A_CA_REQUEST[] = {
    {"name", TEXT, OPS_REQUIRED, 63},
    {"generation", INT, 0, 0},
    {"token", TEXT, 0, 63},
    {"key_type", TEXT, 0, 16},
    {"set", TEXT, OPS_MANY, 512},
    {"path_len", INT, 0, 0},
    {"http_url", TEXT, 0, 255},
    {"crl_lifetime", INT, 0, 0},
    {"crl_interval", INT, 0, 0},
    {"crl_shards", INT, 0, 0},
    {"keep_expired", FLAG, 0, 0},
    {"abandon", FLAG, 0, 0},
};
static const struct ops_arg A_CA_IMPORT[] = {
    {"name", TEXT, OPS_REQUIRED, 79},
    {"cert", BYTES, OPS_REQUIRED, CERT_DER_MAX},
    {"chain", BYTES, OPS_MANY, CERT_DER_MAX},
};
static const struct ops_arg A_CA_SHOW[] = {
    {"name", TEXT, OPS_REQUIRED, 79},
};
static const struct ops_arg A_CA_STATE[] = {
    {"name", TEXT, OPS_REQUIRED, 79},
    {"reason", TEXT, 0, 200},
};
static const struct ops_arg A_CA_DELEGATE[] = {
    {"name", TEXT, OPS_REQUIRED, 79},
    {"csr", BYTES, OPS_REQUIRED, CSR_MAX},
    {"profile", TEXT, 0, 63},
    {"set", TEXT, OPS_MANY, 512},
};
static const struct ops_arg A_ACTIVATE[] = {
    {"note", TEXT, 0, 255},
    {"unchecked", FLAG, 0, 0},
};
static const struct ops_arg A_POLICY_SHOW[] = {
    {"version", INT, 0, 0},
    {"path", TEXT, 0, 127},
};
static const struct ops_arg A_ISSUE[] = {
    {"profile", TEXT, 0, 63},
    {"once", FLAG, 0, 0},
    {"csr", BYTES, OPS_REQUIRED, CSR_MAX},
    {"device", TEXT, 0, NAME_MAX_LEN},
    {"fleet", TEXT, 0, 63},
    {"set", TEXT, OPS_MANY, 512},
};
static const struct ops_arg A_EXPLAIN[] = {
    {"fleet", TEXT, 0, 63},
    {"profile", TEXT, 0, 63},
    {"csr", BYTES, 0, CSR_MAX},	/* ops_explain() wants it */
    {"chain", BYTES, OPS_MANY, CERT_DER_MAX},
    {"user", TEXT, 0, 128},
    {"device", TEXT, 0, NAME_MAX_LEN},
    {"renew", FLAG, 0, 0},
    {"set", TEXT, OPS_MANY, 512},
    {"label", TEXT, 0, 64},
    {"keygen", FLAG, 0, 0},
};
static const struct ops_arg A_REVOKE[] = {
    {"serial", TEXT, OPS_REQUIRED, 128},
    {"issuer", TEXT, 0, 79},
    {"reason", TEXT, 0, 32},
    {"invalidity_date", TIME, 0, 0},
    {"unknown", FLAG, 0, 0},
};
static const struct ops_arg A_REVOKE_DEVICE[] = {
    {"fleet", TEXT, 0, 63},
    {"name", TEXT, OPS_REQUIRED, NAME_MAX_LEN},
    {"reason", TEXT, 0, 32},
    {"invalidity_date", TIME, 0, 0},
};
static const struct ops_arg A_REVOKE_KEY[] = {
    {"spki", TEXT, 0, 128},
    {"key", BYTES, 0, SPKI_MAX},
    {"reason", TEXT, 0, 32},
    {"invalidity_date", TIME, 0, 0},
};
static const struct ops_arg A_CAMPAIGN[] = {
    {"where", TEXT, OPS_REQUIRED, 1023},
    {"reason", TEXT, 0, 32},
    {"invalidity_date", TIME, 0, 0},
    {"note", TEXT, 0, 255},
    {"stage", INT, 0, 0},
    {"pause", INT, 0, 0},
};
static const struct ops_arg A_ID[] = {{"id", INT, OPS_REQUIRED, 0}};
static const struct ops_arg A_SERIAL[] = {
    {"serial", TEXT, OPS_REQUIRED, 128},
    {"issuer", TEXT, 0, 79},
};
static const struct ops_arg A_CERT_LIST[] = {
    {"issuer", TEXT, 0, 79},
    {"state", TEXT, 0, 16},
    {"profile", TEXT, 0, 63},
    {"fleet", TEXT, 0, 63},
    {"device", TEXT, 0, NAME_MAX_LEN},
    {"subject", TEXT, 0, 255},
    {"serial", TEXT, 0, 128},
    {"expires_before", TIME, 0, 0},
    {"limit", INT, 0, 0},
    {"cursor", TEXT, 0, 32},
};
static const struct ops_arg A_ISSUER_OPT[] = {{"issuer", TEXT, 0, 79}};
static const struct ops_arg A_CRL_SHOW[] = {
    {"issuer", TEXT, 0, 79},
    {"shard", INT, 0, 0},
};
static const struct ops_arg A_CRL_SHARDS[] = {
    {"issuer", TEXT, OPS_REQUIRED, 79},
    {"shards", INT, OPS_REQUIRED, 0},
};
static const struct ops_arg A_CRL_PLAN[] = {
    {"issuer", TEXT, 0, 79},
    {"fleet_size", INT, 0, 0},
    {"revocation_rate", TEXT, 0, 16},
    {"validity", INT, 0, 0},
    {"crl_interval", INT, 0, 0},
    {"ocsp", FLAG, 0, 0},
};
static const struct ops_arg A_DEVICE_ADD[] = {
    {"fleet", TEXT, OPS_REQUIRED, 63},
    {"name", TEXT, OPS_REQUIRED, NAME_MAX_LEN},
    {"serial", TEXT, 0, 64},
    {"key", BYTES, 0, SPKI_MAX},
    {"set", TEXT, OPS_MANY, 512},
};
static const struct ops_arg A_DEVICE_LIST[] = {
    {"fleet", TEXT, 0, 63},
    {"state", TEXT, 0, 16},
    {"name", TEXT, 0, NAME_MAX_LEN},
    {"limit", INT, 0, 0},
    {"cursor", TEXT, 0, 32},
};
static const struct ops_arg A_DEVICE[] = {
    {"fleet", TEXT, 0, 63},
    {"name", TEXT, OPS_REQUIRED, NAME_MAX_LEN},
    {"reason", TEXT, 0, 200},
};
static const struct ops_arg A_DEVICE_SET[] = {
    {"fleet", TEXT, 0, 63},
    {"name", TEXT, OPS_REQUIRED, NAME_MAX_LEN},
    {"serial", TEXT, 0, 64},
    {"late_renewal", TEXT, 0, 8},
    {"set", TEXT, OPS_MANY, 512},
};
static const struct ops_arg A_DEVICE_RETIRE[] = {
    {"fleet", TEXT, 0, 63},
    {"name", TEXT, OPS_REQUIRED, NAME_MAX_LEN},
    {"reason", TEXT, 0, 32},
    {"note", TEXT, 0, 200},
};
static const struct ops_arg A_DEVICE_REPLACE[] = {
    {"fleet", TEXT, 0, 63},
    {"name", TEXT, OPS_REQUIRED, NAME_MAX_LEN},
    {"by", TEXT, OPS_REQUIRED, NAME_MAX_LEN},
    {"serial", TEXT, 0, 64},
    {"key", BYTES, 0, SPKI_MAX},
    {"reason", TEXT, 0, 32},
};
static const struct ops_arg A_DEVICE_TRANSFER[] = {
    {"fleet", TEXT, 0, 63},
    {"name", TEXT, OPS_REQUIRED, NAME_MAX_LEN},
    {"to", TEXT, OPS_REQUIRED, 63},
    {"reason", TEXT, 0, 32},
};
static const struct ops_arg A_NAME[] = {{"name", TEXT, OPS_REQUIRED, 127}};
static const struct ops_arg A_SECRET_NEW[] = {
    {"fleet", TEXT, OPS_REQUIRED | OPS_MANY, 63},
    {"device", TEXT, 0, NAME_MAX_LEN},
    {"reusable", FLAG, 0, 0},
    {"ttl", INT, 0, 0},
    {"user", TEXT, 0, 56},	/* stands whole in cert_row.auth */
    {"secret", TEXT, 0, 256},
};
static const struct ops_arg A_USER[] = {{"user", TEXT, OPS_REQUIRED, 127}};
static const struct ops_arg A_PAGE[] = {
    {"limit", INT, 0, 0},
    {"cursor", TEXT, 0, 32},
};
static const struct ops_arg A_REPLAY[] = {
    {"text", TEXT, OPS_REQUIRED, 64 * 1024},
    {"file", TEXT, 0, 127},
    {"profile", TEXT, 0, 63},
    {"last", INT, OPS_REQUIRED, 0},
};
static const struct ops_arg A_ADOPTION[] = {
    {"root", TEXT, 0, 63},
    {"fleet", TEXT, 0, 63},
    {"list", TEXT, 0, 16},
    {"limit", INT, 0, 0},
    {"cursor", TEXT, 0, 32},
};
static const struct ops_arg A_LOG[] = {
    {"from", INT, 0, 0},
    {"limit", INT, 0, 0},
};

static const struct ops_arg A_LOG_COSIGN[] = {
    {"note", TEXT, OPS_REQUIRED, 64 * 1024},
};
static const struct ops_arg A_LOG_ACCEPT[] = {
    {"reason", TEXT, OPS_REQUIRED, 200},
};
static const struct ops_arg A_LOG_PROOF[] = {
    {"cert", BYTES, OPS_REQUIRED, CERT_DER_MAX},
};

static const struct ops_arg A_REQUEST_LIST[] = {
    {"open", FLAG, 0, 0},
    {"kind", TEXT, 0, 16},
    {"fleet", TEXT, 0, 63},
    {"limit", INT, 0, 0},
    {"cursor", TEXT, 0, 32},
};
static const struct ops_arg A_REQUESTS[] = {
    {"open", FLAG, 0, 0},
    {"limit", INT, 0, 0},
    {"cursor", TEXT, 0, 32},
};
static const struct ops_arg A_APPROVE[] = {
    {"id", INT, OPS_REQUIRED, 0},
    {"note", TEXT, 0, 8192},
};
static const struct ops_arg A_DENY[] = {
    {"id", INT, OPS_REQUIRED, 0},
    {"reason", TEXT, 0, 200},
};
static const struct ops_arg A_REPORT[] = {
    {"from", TIME, OPS_REQUIRED, 0},
    {"to", TIME, 0, 0},
};
static const struct ops_arg A_REPORT_EVENTS[] = {
    {"from", TIME, OPS_REQUIRED, 0},
    {"to", TIME, 0, 0},
    {"first", INT, 0, 0},
    {"end", INT, 0, 0},
    {"limit", INT, 0, 0},
};
static const struct ops_arg A_BREAK_ACK[] = {
    {"id", INT, OPS_REQUIRED, 0},
    {"note", TEXT, 0, 200},
};

/* Factories: devices by the file, keys that are known to be bad. */
static const struct ops_arg A_IMPORT_BEGIN[] = {
    {"file", TEXT, OPS_REQUIRED, 255},
};
static const struct ops_arg A_DEVICE_IMPORT[] = {
    {"import", INT, 0, 0},	/* none: only look */
    {"fleet", TEXT, 0, 63},
    {"keep_going", FLAG, 0, 0},
    {"row", BYTES, OPS_REQUIRED | OPS_MANY, 32 * 1024},
};
static const struct ops_arg A_IMPORT_END[] = {
    {"import", INT, OPS_REQUIRED, 0},
    {"sha256", BYTES, 0, 32},
    {"incomplete", FLAG, 0, 0},
};
static const struct ops_arg A_KEY_BLOCK[] = {
    {"hashes", BYTES, OPS_REQUIRED, 32 * 1024},
    {"note", TEXT, 0, 200},
};
static const struct ops_arg A_KEY_BLOCKED[] = {
    {"limit", INT, 0, 0},
    {"cursor", TEXT, 0, 64},
};
static const struct ops_arg A_KEY_UNBLOCK[] = {
    {"hash", TEXT, OPS_REQUIRED, 128},
    {"reason", TEXT, OPS_REQUIRED, 200},
};

/* How clients behave. */
static const struct ops_arg A_CLIENTS[] = {
    {"label", TEXT, OPS_MANY, 64},
    {"client", TEXT, OPS_MANY, 256},
    {"what", TEXT, OPS_MANY, 80},
    {"count", INT, OPS_MANY, 0},
};
static const struct ops_arg A_CLIENT_LIST[] = {
    {"fleet", TEXT, 0, 63},
    {"since", TIME, 0, 0},
    {"limit", INT, 0, 0},
    {"cursor", TEXT, 0, 32},
};

#define ARGS(a) (a), sizeof(a) / sizeof((a)[0])

static const struct ops_entry TABLE[] = {
    {"enroll", OPS_RA, ops_enroll, ARGS(A_ENROLL)},
    {"attest.nonce", OPS_RA, ops_attest_nonce, ARGS(A_NONCE)},
    {"fleets", OPS_RA, ops_fleets, NULL, 0},
    {"metrics", OPS_RA, ops_metrics, NULL, 0},
    {"ping", OPS_RA | OPS_SVC, ops_ping, NULL, 0},
    {"renew-own", OPS_SVC, ops_renew_own, ARGS(A_RENEW_OWN)},
    {"tell-own", OPS_SVC, ops_tell_own, ARGS(A_TELL_OWN)},
    {"ca.list", OPS_ADMIN, ops_ca_list, NULL, 0},
    {"ca.request", OPS_ADMIN, ops_ca_request, ARGS(A_CA_REQUEST)},
    {"ca.import", OPS_ADMIN, ops_ca_import, ARGS(A_CA_IMPORT)},
    {"ca.show", OPS_ADMIN, ops_ca_show, ARGS(A_CA_SHOW)},
    {"ca.disable", OPS_ADMIN, ops_ca_disable, ARGS(A_CA_STATE)},
    {"ca.enable", OPS_ADMIN, ops_ca_enable, ARGS(A_CA_STATE)},
    {"ca.delegate", OPS_ADMIN, ops_ca_delegate, ARGS(A_CA_DELEGATE)},
    {"ca.adoption", OPS_ADMIN, ops_ca_adoption, ARGS(A_ADOPTION)},
    {"ca.stop", OPS_ADMIN, ops_ca_stop, ARGS(A_STOP)},
    {"ca.resume", OPS_ADMIN, ops_ca_resume, ARGS(A_RESUME)},
    {"token.resume", OPS_ADMIN, ops_token_resume, ARGS(A_TOKEN_RESUME)},
    {"status", OPS_ADMIN, ops_status, NULL, 0},
    {"policy.diff", OPS_ADMIN, ops_policy_diff, NULL, 0},
    {"policy.check", OPS_ADMIN, ops_policy_check, NULL, 0},
    {"policy.activate", OPS_ADMIN, ops_policy_activate, ARGS(A_ACTIVATE)},
    {"policy.show", OPS_ADMIN, ops_policy_show, ARGS(A_POLICY_SHOW)},
    {"issue", OPS_ADMIN, ops_issue_op, ARGS(A_ISSUE)},
    {"explain", OPS_ADMIN, ops_explain, ARGS(A_EXPLAIN)},
    {"revoke", OPS_ADMIN, ops_revoke, ARGS(A_REVOKE)},
    {"revoke.device", OPS_ADMIN, ops_revoke_device, ARGS(A_REVOKE_DEVICE)},
    {"revoke.key", OPS_ADMIN, ops_revoke_key, ARGS(A_REVOKE_KEY)},
    {"revoke.plan", OPS_ADMIN, ops_revoke_plan, ARGS(A_CAMPAIGN)},
    {"campaign.start", OPS_ADMIN, ops_campaign_start, ARGS(A_CAMPAIGN)},
    {"campaign.list", OPS_ADMIN, ops_campaign_list, ARGS(A_PAGE)},
    {"campaign.show", OPS_ADMIN, ops_campaign_show, ARGS(A_ID)},
    {"campaign.stop", OPS_ADMIN, ops_campaign_stop, ARGS(A_ID)},
    {"campaign.resume", OPS_ADMIN, ops_campaign_resume, ARGS(A_ID)},
    {"release", OPS_ADMIN, ops_release, ARGS(A_SERIAL)},
    {"cert.list", OPS_ADMIN, ops_cert_list, ARGS(A_CERT_LIST)},
    {"cert.show", OPS_ADMIN, ops_cert_show, ARGS(A_SERIAL)},
    {"crl.issue", OPS_ADMIN, ops_crl_issue, ARGS(A_ISSUER_OPT)},
    {"crl.show", OPS_ADMIN, ops_crl_show, ARGS(A_CRL_SHOW)},
    {"crl.shards", OPS_ADMIN, ops_crl_shards, ARGS(A_CRL_SHARDS)},
    {"crl.plan", OPS_ADMIN, ops_crl_plan, ARGS(A_CRL_PLAN)},
    {"ocsp.plan", OPS_ADMIN, ops_ocsp_plan, ARGS(A_OCSP_PLAN)},
    {"device.add", OPS_ADMIN, ops_device_add, ARGS(A_DEVICE_ADD)},
    {"device.list", OPS_ADMIN, ops_device_list, ARGS(A_DEVICE_LIST)},
    {"device.show", OPS_ADMIN, ops_device_show, ARGS(A_DEVICE)},
    {"device.disable", OPS_ADMIN, ops_device_disable, ARGS(A_DEVICE)},
    {"device.enable", OPS_ADMIN, ops_device_enable, ARGS(A_DEVICE)},
    {"device.set", OPS_ADMIN, ops_device_set, ARGS(A_DEVICE_SET)},
    {"device.revoke", OPS_ADMIN, ops_device_revoke,
	ARGS(A_REVOKE_DEVICE)},
    {"device.retire", OPS_ADMIN, ops_device_retire, ARGS(A_DEVICE_RETIRE)},
    {"device.replace", OPS_ADMIN, ops_device_replace,
	ARGS(A_DEVICE_REPLACE)},
    {"device.transfer", OPS_ADMIN, ops_device_transfer,
	ARGS(A_DEVICE_TRANSFER)},
    {"fleet.list", OPS_ADMIN, ops_fleet_list, NULL, 0},
    {"fleet.show", OPS_ADMIN, ops_fleet_show, ARGS(A_NAME)},
    {"maker.crl.list", OPS_ADMIN, ops_maker_crl_list, NULL, 0},
    {"secret.new", OPS_ADMIN, ops_secret_new, ARGS(A_SECRET_NEW)},
    {"secret.list", OPS_ADMIN, ops_secret_list, ARGS(A_PAGE)},
    {"secret.revoke", OPS_ADMIN, ops_secret_revoke, ARGS(A_USER)},
    {"profile.list", OPS_ADMIN, ops_profile_list, NULL, 0},
    {"profile.show", OPS_ADMIN, ops_profile_show, ARGS(A_NAME)},
    {"profile.replay", OPS_ADMIN, ops_profile_replay, ARGS(A_REPLAY)},
    {"key.list", OPS_ADMIN, ops_key_list, NULL, 0},
    {"evidence.show", OPS_ADMIN, ops_evidence_show, ARGS(A_EVIDENCE_SHOW)},
    {"evidence.check", OPS_ADMIN, ops_evidence_check,
	ARGS(A_EVIDENCE_CHECK)},
    {"evidence.replay", OPS_ADMIN, ops_evidence_replay,
	ARGS(A_EVIDENCE_REPLAY)},
    {"log.list", OPS_ADMIN, ops_log_list, ARGS(A_LOG)},
    {"log.where", OPS_ADMIN, ops_log_where, NULL, 0},
    {"log.prove", OPS_ADMIN, ops_log_prove, ARGS(A_SERIAL)},
    {"log.proof", OPS_RA, ops_log_proof, ARGS(A_LOG_PROOF)},
    {"log.cosign", OPS_ADMIN, ops_log_cosign, ARGS(A_LOG_COSIGN)},
    {"log.accept", OPS_ADMIN, ops_log_accept, ARGS(A_LOG_ACCEPT)},
    {"operator.list", OPS_ADMIN, ops_operator_list, NULL, 0},
    {"report", OPS_ADMIN, ops_report, ARGS(A_REPORT)},
    {"report.events", OPS_ADMIN, ops_report_events,
	ARGS(A_REPORT_EVENTS)},
    {"request.list", OPS_ADMIN, ops_request_list,
	ARGS(A_REQUEST_LIST)},
    {"request.show", OPS_ADMIN, ops_request_show, ARGS(A_ID)},
    {"request.approve", OPS_ADMIN, ops_request_approve, ARGS(A_APPROVE)},
    {"request.deny", OPS_ADMIN, ops_request_deny, ARGS(A_DENY)},
    {"request.run", OPS_ADMIN, ops_request_run, ARGS(A_ID)},
    {"break-glass.list", OPS_ADMIN, ops_break_list, ARGS(A_REQUESTS)},
    {"break-glass.ack", OPS_ADMIN, ops_break_ack, ARGS(A_BREAK_ACK)},
    {"device.import.begin", OPS_ADMIN, ops_import_begin,
	ARGS(A_IMPORT_BEGIN)},
    {"device.import", OPS_ADMIN, ops_device_import, ARGS(A_DEVICE_IMPORT)},
    {"device.import.end", OPS_ADMIN, ops_import_end, ARGS(A_IMPORT_END)},
    {"key.block", OPS_ADMIN, ops_key_block, ARGS(A_KEY_BLOCK)},
    {"key.blocked", OPS_ADMIN, ops_key_blocked, ARGS(A_KEY_BLOCKED)},
    {"key.unblock", OPS_ADMIN, ops_key_unblock, ARGS(A_KEY_UNBLOCK)},
    {"clients", OPS_RA, ops_clients, ARGS(A_CLIENTS)},
    {"client.list", OPS_ADMIN, ops_client_list, ARGS(A_CLIENT_LIST)},
};

const struct ops_entry *
ops_table(size_t *n)
{
	*n = sizeof(TABLE) / sizeof(TABLE[0]);
	return TABLE;
}
