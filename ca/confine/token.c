#include <stdio.h>
#include <stdlib.h>
#include <limits.h>

#include "hsm/hsm.h"
#include "hsm/softhsm.h"
#include "ca/confine/private.h"

/* SoftHSM keeps its objects in files; other modules say in `confine` what they
   need. */
static void
softhsm(struct confine *c, const char *conf)
{
	char folder[PATH_MAX];

	if (conf == NULL && (conf = secure_getenv("SOFTHSM2_CONF")) == NULL)
		conf = "/etc/softhsm/softhsm2.conf";
	if (!hsm_softhsm_folder(conf, folder))
		return;
	confine_only(c, conf, CONFINE_READ);
	confine_folder(c, folder, CONFINE_WRITE);
}

static void
pin(struct confine *c, const struct hsm_pin_source *p)
{
	switch (p->kind) {
	case HSM_PIN_FILE:
		confine_only(c, p->name, CONFINE_READ);
		break;
	case HSM_PIN_CREDENTIAL:
		confine_folder(
		    c, secure_getenv("CREDENTIALS_DIRECTORY"), CONFINE_READ);
		break;
	case HSM_PIN_TTY:
		confine_only(c, "/dev/tty", CONFINE_WRITE);
		break;
	case HSM_PIN_NONE:
		break;
	}
	confine_file(c, p->state, CONFINE_WRITE);
}

void
confine_token(struct confine *c, const struct hsm_config *token)
{
	char file[PATH_MAX], module[PATH_MAX];

	if (token->module != NULL && token->module[0] == '/')
		confine_only(c, token->module, CONFINE_READ);
	hsm_uri_files(token->uri, file, module);
	if (module[0] == '/')
		confine_only(c, module, CONFINE_READ);
	if (file[0] != '\0')
		confine_only(c, file, CONFINE_READ);
	pin(c, &token->pin);
	softhsm(c, token->softhsm_conf);
}
