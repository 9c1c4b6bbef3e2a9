/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-operation.h"

G_BEGIN_DECLS

/* No answer to either question: it cannot be used. Everything else can (quirk 61: rank, do not
 * exclude), and 0 is a service that claims neither a connection nor an address. */
#define UPNP_SCORE_UNUSABLE (-1)

/* A device that may be the gateway, while it is being looked at. */
typedef struct
{
  UpnpDevice *device;
  gboolean done;
  int score;        /* of its best service */
  char *problem;    /* (nullable): why it cannot be used */
  gboolean refuses; /* that is how somebody has set it up */
  /* The service that is being asked. */
  guint index;
  gboolean connected;
  gboolean spoke;
} UpnpCandidate;

/* location: (transfer full) */
UpnpCandidate *upnp_candidate_new (PlumUpnpBackend *backend,
                                   GInetAddress *sender,
                                   UpnpUrl *location,
                                   gint64 boot_id);
void upnp_candidate_free (UpnpCandidate *self);

/* What can be used of it in the backend's family. */
GPtrArray *upnp_candidate_get_services (UpnpCandidate *self);
/* The service that is to be asked next; NULL: all have been, or a better one cannot come. */
UpnpService *upnp_candidate_get_service (UpnpCandidate *self);
void upnp_candidate_take_status (UpnpCandidate *self, const UpnpSoapReply *reply);
/* Ranks the service, keeps it if it is the best so far, and goes on to the next. */
void upnp_candidate_take_address (UpnpCandidate *self, const UpnpSoapReply *reply);
/* The same for what a firewall says of itself: one that lets hosts open it is as good as any, and
 * so is one that is off. */
void upnp_candidate_take_firewall (UpnpCandidate *self, const UpnpSoapReply *reply);
/* The service did not answer. */
void upnp_candidate_skip (UpnpCandidate *self, const char *problem);
/* Says why it cannot be used. */
void upnp_candidate_reject (UpnpCandidate *self, const char *problem);

G_END_DECLS
