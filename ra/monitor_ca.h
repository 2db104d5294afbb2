#ifndef INKAN_RA_MONITOR_CA_H
#define INKAN_RA_MONITOR_CA_H

#include "ca/report/prom.h"
#include "ca/wire/message.h"

/*
 * inkan-ca's answer to the operation "metrics" (inkan-wire(7)) as Prometheus'
 * text. Rows whose names are not of the form that we may show (inkan_ca_ and
 * [a-z0-9_]) or whose kind is unknown are left out: an older or newer inkan-ca
 * spoils no scrape.
 */
void monitor_ca_write(const WIRE_ANSWER *answer, struct prom *p);

#endif
