/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

typedef struct _RouterChain RouterChain;

/* The routers from this computer to the internet, as far as they can be asked. */
struct _RouterChain
{
  GPtrArray *routers; /* of PlumGateway: the gateway first; those beyond it map ports */
  GError *error;      /* (nullable): why no router beyond the last one is known */

  /* Called once, when the search has ended, also if it was cancelled. */
  void (*done) (RouterChain *self);
  gpointer user_data;

  /*< private >*/
  GCancellable *cancellable; /* (nullable) */
  gboolean seeking;
};

gboolean router_chain_is_needed (PlumGateway *gateway);
void router_chain_init (RouterChain *self, PlumGateway *gateway);
void router_chain_seek (RouterChain *self, GCancellable *cancellable);
void router_chain_clear (RouterChain *self);

PlumGateway *router_chain_get_last (const RouterChain *self);
PlumGateway *router_chain_get_outermost (const RouterChain *self);
PlumGateway *router_chain_get_unconfirmed (const RouterChain *self);
char *router_chain_dup_way (const RouterChain *self);
