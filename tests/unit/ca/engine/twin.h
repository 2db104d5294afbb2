#ifndef TESTS_UNIT_CA_ENGINE_TWIN_H
#define TESTS_UNIT_CA_ENGINE_TWIN_H

#include "tests/unit/ca/engine/logpub.h"
#include "hsm/private.h"

/* "twin", a clone of the CA's token that stands in for it; both are one folder
   each in t-ca, and whichever is moved to away/ is away for who starts. */

static void
twin_token(struct world *w)
{
	struct settings_token *twin = &w->settings->tokens[0];
	struct hsm_token_info info;
	char serial[17];

	assert_true(hsm_token_info(w->ca->tokens[0].hsm, &info));
	snprintf(serial, sizeof(serial), "%s", info.serial);
	/* SoftHSM makes the slot's number of its end. */
	serial[15] = serial[15] == '0' ? '1' : '0';
	ca_close(w->ca);
	w->ca = NULL;
	world_sh("cd %s && mkdir away && mv t-ca/* t-ca/first && cp -r "
	    "t-ca/first t-ca/twin && LC_ALL=C sed -i "
	    "'s/inkan-ca/inkan-cb/;s/%s/%s/' t-ca/twin/token.object", w->dir,
	    info.serial, serial);
	*twin = w->settings->token;
	strcpy(twin->name, "twin");
	strcpy(twin->uri, "pkcs11:token=inkan-cb");
	twin->pin_state[0] = '\0';
	w->settings->n_tokens = 1;
	strcpy(w->settings->token.standby, "twin");
	w->settings->token.has_standby = 1;
}

/* ${names} are those that are there. */
static void
start_with(struct world *w, const char *names)
{
	report_init("test", REPORT_ERROR + 1, 2);
	ca_close(w->ca);
	w->ca = NULL;
	world_sh("cd %s && for n in first twin; do [ -d t-ca/$n ] && mv "
	    "t-ca/$n away/; done; for n in %s; do mv away/$n t-ca/; done; true",
	    w->dir, names);
	reopen(w);
}

static void
comes_back(struct world *w, const char *name)
{
	world_sh("cd %s && mv away/%s t-ca/", w->dir, name);
}

static struct hsm *
token_of(struct world *w, const char *name)
{
	return tokens_find(w->ca, name)->hsm;
}

#endif
