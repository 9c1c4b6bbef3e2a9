/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-hosts-private.h"

G_BEGIN_DECLS

/* A user of a gateway, such as a lease holder. The user embeds a PlumGatewayClient and adds it to
 * at most one gateway at a time. A client can hold external ports. */
typedef struct _PlumGatewayClient PlumGatewayClient;

typedef enum {
  PLUM_GATEWAY_RACE_CHANGED,     /* a backend was decided, or the grace period has ended */
  PLUM_GATEWAY_SUSPECTED,        /* the router may have lost the present leases of backend */
  PLUM_GATEWAY_LOST,             /* act on the last PLUM_GATEWAY_SUSPECTED of backend */
  PLUM_GATEWAY_APPEARED,         /* backend has heard the router: failed clients try again */
  PLUM_GATEWAY_ADDRESS_CHANGED,  /* the router reports address to backend */
  PLUM_GATEWAY_RECHECK,          /* verify the lease */
  PLUM_GATEWAY_UPSTREAM_CHANGED, /* the search for the next router has another result */
  /* The host was suspended, or had no link: act on overdue timers within spread_ms. */
  PLUM_GATEWAY_RESUMED,
} PlumGatewayEventKind;

/* Fields that do not apply are NULL or 0. All borrowed. */
typedef struct
{
  PlumGatewayEventKind kind;
  PlumBackend *backend;
  GInetAddress *address;
  guint spread_ms;
} PlumGatewayEvent;

typedef struct
{
  void (*handle_event) (PlumGatewayClient *client, const PlumGatewayEvent *event);
  /* The backend that granted the client's lease; NULL without a lease. (transfer none) */
  PlumBackend *(*get_backend) (PlumGatewayClient *client);
  /* Whether a delete of the mapping of internal_port of hosts, or of external_port, would remove
   * the client's own. */
  gboolean (*uses_mapping) (PlumGatewayClient *client,
                            PlumProtocol protocol,
                            const PlumHosts *hosts,
                            guint internal_port,
                            guint external_port);
  /* Whether a request for the mapping of internal_port of hosts is pending. */
  gboolean (*requests_mapping) (PlumGatewayClient *client,
                                PlumProtocol protocol,
                                const PlumHosts *hosts,
                                guint internal_port);
} PlumGatewayClientInterface;

struct _PlumGatewayClient
{
  const PlumGatewayClientInterface *iface;
  gpointer data;        /* the user's */
  PlumGateway *gateway; /* (nullable), borrowed: set by the gateway */
  GList link;           /* the gateway's */
  gboolean waiting;     /* the gateway's: it failed, and waits for its next attempt */
  gboolean polled;      /* the gateway's: it has a lease whose address has to be polled */
};

G_END_DECLS
