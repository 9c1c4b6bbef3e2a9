/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "upnp-ladder.h"
#include "upnp-operation.h"

G_BEGIN_DECLS

typedef struct _UpnpNegotiation UpnpNegotiation;

/* What differs between port mappings and pinholes, and between adding and deleting. */
typedef struct
{
  /* Before each request of the attempt; (nullable). */
  void (*prepare) (UpnpNegotiation *self);
  /* The arguments of an action. */
  UpnpSoapRequest (*make_request) (UpnpNegotiation *self, UpnpAction action);
  /* The router has carried out the request. reply: (nullable): NULL if a fault means that nothing
   * is left to do. Settles the call or continues. */
  void (*accept) (UpnpNegotiation *self, const UpnpSoapReply *reply);
  /* The router answered with an empty 200, which may mean either (quirk 36). FALSE: treat it as a
   * fault; (nullable). */
  gboolean (*accept_empty) (UpnpNegotiation *self, const UpnpSoapReply *reply);
  /* Completes a step of the ladder that was taken. FALSE: another request has been sent in place of
   * the attempt's; (nullable). */
  gboolean (*adapt) (UpnpNegotiation *self, const UpnpStep *step);
  /* Replaces the error and advice of the last step if more is known; (nullable). */
  void (*explain) (UpnpNegotiation *self, const UpnpSoapReply *reply, UpnpStep *step);
  /* The outcome is certain, whether success or failure; (nullable). */
  void (*confirm) (UpnpNegotiation *self);
} UpnpNegotiationMethods;

/* A request that is adapted and sent again, as the ladder says, until the router accepts it or the
 * ladder ends. It is the first member of the operations on a port or a pinhole. */
struct _UpnpNegotiation
{
  UpnpOperation operation;
  const UpnpNegotiationMethods *methods;
  UpnpAttempt attempt;
  PlumProtocol protocol;
  int code; /* of the last fault */
};

/* Sets the methods and the first attempt. The device must be known. */
void upnp_negotiation_init (UpnpNegotiation *self,
                            const UpnpNegotiationMethods *methods,
                            UpnpAction action,
                            guint internal_port,
                            guint lifetime);
/* Sends the request of the attempt. */
void upnp_negotiation_send (UpnpNegotiation *self);
/* Sends another action about the same port or pinhole, once. */
void upnp_negotiation_call (UpnpNegotiation *self, UpnpAction action, UpnpSoapFunc func);
/* Record that the request has no answer yet, or that its outcome is certain. Methods for prepare
 * and confirm. */
void upnp_negotiation_set_unconfirmed (UpnpNegotiation *self);
void upnp_negotiation_clear_unconfirmed (UpnpNegotiation *self);
/* Methods for a delete, which succeeds with a plain and with an empty answer. */
void upnp_negotiation_accept_delete (UpnpNegotiation *self, const UpnpSoapReply *reply);
gboolean upnp_negotiation_accept_empty_delete (UpnpNegotiation *self, const UpnpSoapReply *reply);
/* Takes the step of the ladder for this fault. */
void upnp_negotiation_reject (UpnpNegotiation *self, const UpnpSoapReply *reply, int code);

/* Records that the outcome is certain, and what the attempt has shown about the device. */
void upnp_negotiation_confirm (UpnpNegotiation *self, gboolean success);
/* Settles the call with a lease. token: (transfer floating) */
void upnp_negotiation_return_lease (UpnpNegotiation *self,
                                    GInetAddress *external_address,
                                    guint external_port,
                                    guint lifetime,
                                    GVariant *token);

/* Reads the entry in the reply to GetSpecificPortMappingEntry. entry: NULL if the reply has none.
 * FALSE: the exchange failed, and so has the operation. */
gboolean upnp_negotiation_read_entry (UpnpNegotiation *self,
                                      const UpnpSoapReply *reply,
                                      const GError *error,
                                      UpnpTableEntry **entry);

G_END_DECLS
