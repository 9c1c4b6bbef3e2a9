/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "gateway-watch.h"
#include "router-chain.h"
#include "session.h"

typedef struct _Discovery Discovery;

/* Finds the gateways and queries them, for commands that do not map ports. */
struct _Discovery
{
  Session *session;
  GSocketFamily family; /* INVALID: IPv4, or that of --gateway */
  gpointer user_data;
  GCancellable *cancellable;
  GatewayWatch watch;
  guint deadline_id;
  gboolean any_family;    /* use IPv6 if this computer has no IPv4 network */
  gboolean first_address; /* finish as soon as an external address is known */
  gboolean wants_model;   /* then wait a moment for what the router is called */
  gboolean reads_records; /* list what earlier runs have recorded, and change nothing there */
  gboolean asks_address;  /* ask for an external address that the discovery did not find */
  gboolean asks_others;   /* also ask the gateways of other networks for their address */
  gboolean asks_chain;    /* then find the routers beyond the gateway that programs use */
  gboolean finished;
  gboolean cleared;
  gboolean returned;     /* the call has returned */
  gboolean asking;       /* the query of the address has not returned */
  guint model_id;        /* the end of the wait for the model */
  guint other_models_id; /* the same, for the gateways of other networks */
  guint n_others;        /* queries of their address that have not returned */
  guint n_pending;       /* what is left to do after the discovery of the gateway */
  GError *error;         /* the result of the discovery, nullable */
  GError *address_error; /* why the address is unknown, if it was asked for, nullable */

  RouterChain chain; /* if asks_chain is set and there is a gateway; else empty */

  /* Called once, when the discovery has finished or failed. */
  void (*done) (Discovery *self);
};

int discovery_run (Discovery *self, char **arguments);
void discovery_start (Discovery *self);
void discovery_clear (Discovery *self);
PlumGateway *discovery_dup_gateway (Discovery *self);
const RouterChain *discovery_get_chain (const Discovery *self, PlumGateway *gateway);
gboolean discovery_is_served (Discovery *self);
gboolean discovery_has_router (Discovery *self);
void discovery_print_failure (Discovery *self);
char *discovery_report_failure (Discovery *self);
