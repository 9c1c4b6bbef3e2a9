/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-settings-private.h"
#include "plum-signal-queue-private.h"

G_BEGIN_DECLS

/* The search for the router beyond a gateway. Nothing is sent before the search is wanted and the
 * gateway has reported an external address that is not public.
 *
 * If that address is private (RFC 1918), the next router is the one that discards a datagram with a
 * small TTL, or else the first address of the outside network of the gateway. Neither is trusted:
 * the address is only asked by the backends, and only if it is private and beyond the gateway.
 *
 * If the external address is shared by a provider (RFC 6598, RFC 7335), the next router is the
 * server that a backend names with PlumBackendClass.anycast. The same server is asked if the
 * address of this host itself is shared, and the gateway maps no ports: it is then bypassed. */
typedef struct _PlumUpstream PlumUpstream;

typedef struct
{
  /* The result has changed. */
  void (*changed) (gpointer user_data);
  /* A datagram was sent to find the next router. */
  void (*sent) (GSocketAddress *peer, GBytes *bytes, gpointer user_data);
} PlumUpstreamClient;

/* backend_infos: (element-type PlumBackendInfo). settings must outlive the search. */
PlumUpstream *plum_upstream_new (PlumNetwork *network,
                                 GPtrArray *backend_infos,
                                 GMainContext *context,
                                 const PlumSettings *settings,
                                 PlumSignalQueue *signals,
                                 const PlumUpstreamClient *client,
                                 gpointer user_data);
void plum_upstream_free (PlumUpstream *self);
/* The client is no longer called, and there is no result. */
void plum_upstream_close (PlumUpstream *self);

/* Starts the search, now or when the external address is known. */
void plum_upstream_want (PlumUpstream *self);
/* The external address of the gateway. (nullable) */
void plum_upstream_set_address (PlumUpstream *self, GInetAddress *address);
/* Whether no backend can map ports on the gateway. */
void plum_upstream_set_unserved (PlumUpstream *self, gboolean unserved);
/* The settings, or the routes of this host, may have changed. */
void plum_upstream_check (PlumUpstream *self);
/* The next router does not answer: another one may be there by now. */
void plum_upstream_search_again (PlumUpstream *self);

/* Whether there can be a next router, as far as is known. */
gboolean plum_upstream_is_possible (PlumUpstream *self);
gboolean plum_upstream_is_pending (PlumUpstream *self);
/* Whether the next router can be asked although the gateway maps no ports. */
gboolean plum_upstream_may_bypass (PlumUpstream *self);
/* The network of the next router. (transfer none) (nullable) */
PlumNetwork *plum_upstream_get_network (PlumUpstream *self);
/* Whether no router has answered the probe: there may be none at the address. */
gboolean plum_upstream_is_guessed (PlumUpstream *self);
/* The backends that can ask it. (element-type PlumBackendInfo) (transfer none) (nullable) */
GPtrArray *plum_upstream_get_backends (PlumUpstream *self);
/* Why there is no next router. (nullable) */
const GError *plum_upstream_get_reason (PlumUpstream *self);
/* Why no next router may be asked, if plum_upstream_is_possible() returned FALSE. (transfer full)
 */
GError *plum_upstream_make_refusal (PlumUpstream *self);

G_END_DECLS
