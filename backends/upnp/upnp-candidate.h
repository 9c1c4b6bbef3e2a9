/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-search.h"
#include "upnp-session.h"

G_BEGIN_DECLS

/* No service can be used. Those that are reached can (quirk 61: rank, do not exclude); 0 is a
 * service that reports neither a connection nor an address. */
#define UPNP_SCORE_UNUSABLE (-2)

/* A device that may be the gateway, while discovery examines it. */
typedef struct
{
  UpnpDevice *device;
  gboolean ipv6;
  UpnpOrigin origin;    /* the most trustworthy one */
  guint n_heard;        /* how often the answer was heard */
  gboolean active;      /* it is examined at present */
  gboolean interrupted; /* its description was slow, and others waited */
  gboolean done;
  int score;        /* of its best service */
  char *problem;    /* (nullable): why it cannot be used */
  gboolean refuses; /* its settings do not allow hosts to open the firewall */
  /* The service that is examined: */
  guint index;
  gboolean status_read;
  PlumConnectionStatus status;
  guint uptime; /* s; 0: unknown */
  gboolean answered_soap;
  gboolean fails; /* instead, it closed the connection or reported an error without a reason */
} UpnpCandidate;

/* location: (transfer full) */
UpnpCandidate *upnp_candidate_new (
  UpnpSession *session, GInetAddress *sender, UpnpUrl *location, gint64 boot_id, UpnpOrigin origin);
void upnp_candidate_free (UpnpCandidate *self);

/* The services that the backend can use on its network. */
GPtrArray *upnp_candidate_get_services (UpnpCandidate *self);
/* The service to examine next; NULL: all are examined, or no better one is possible. */
UpnpService *upnp_candidate_get_service (UpnpCandidate *self);
/* The action to send to that service. */
UpnpAction upnp_candidate_get_action (UpnpCandidate *self);
/* Takes the reply to that action. When a service has answered all, ranks it and keeps it if it is
 * the best so far. A firewall that is off, or that hosts may open, has the highest rank. */
void upnp_candidate_take (UpnpCandidate *self, const UpnpSoapReply *reply);
/* The service did not answer that action. */
void upnp_candidate_take_error (UpnpCandidate *self, const GError *error);
/* There is no time for further questions: keeps the service that is examined, if no better one is
 * known. */
void upnp_candidate_accept (UpnpCandidate *self);
/* Rejects the whole device. */
void upnp_candidate_reject (UpnpCandidate *self, const char *problem);

G_END_DECLS
