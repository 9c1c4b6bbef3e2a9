/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "upnp-hosts.h"
#include "upnp-ladder.h"
#include "upnp-lookup.h"
#include "upnp-operation.h"

G_BEGIN_DECLS

typedef struct _UpnpNegotiation UpnpNegotiation;

/* external_port: of the entry; valid if result is UPNP_LOOKUP_OURS. */
typedef void (*UpnpFindFunc) (UpnpNegotiation *self, UpnpLookupResult result, guint external_port);

/* A search through the router's table. */
typedef struct
{
  UpnpFindFunc func;
  guint external_port; /* 0: any that leads to the internal port */
  guint internal_port;
  const char *description; /* borrowed */
  guint index;
  gboolean disabled; /* the entry that was found */
  gboolean unclear;  /* an entry may be the one, but its host is not reported */
} UpnpFind;

/* UPNP_LOOKUP_FREE: the table was read to its end, and has no such entry. UPNP_LOOKUP_TAKEN: reply
 * is the entry, which may be ours; local_address is this end of the connection. */
typedef void (*UpnpScanFunc) (UpnpNegotiation *self,
                              UpnpLookupResult result,
                              const UpnpSoapReply *reply,
                              const char *local_address);

/* A search through the router's table for an entry of any host. */
typedef struct
{
  UpnpScanFunc func;
  guint external_port;
  guint index;
  gboolean unreadable; /* an entry could not be read */
  int end_code;        /* the fault that may be the end of the table */
} UpnpScan;

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
  /* The router has answered with a fault. FALSE: take the step of the ladder; (nullable). */
  gboolean (*refuse) (UpnpNegotiation *self, const UpnpSoapReply *reply);
  /* No answer came that can be used: the router may have carried out the request or not
   * (quirks 36, 74). FALSE: nothing more can be learnt, treat it as a failure; (nullable). */
  gboolean (*resolve) (UpnpNegotiation *self);
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
  UpnpHosts hosts;
  int code;              /* of the last fault */
  UpnpSoapReply unknown; /* the outcome and status of the last answer that could not be used */
  GError *unknown_error; /* (nullable): in place of such an answer */
  char *local_address;   /* (nullable): this end of the last connection */
  UpnpFind find;
  UpnpScan scan;
  guint deleted_port; /* of the last upnp_negotiation_delete () */
  UpnpSoapFunc deleted_func;
};

/* Frees the members. A UpnpOperationClear. */
void upnp_negotiation_clear (UpnpOperation *operation);

/* Sets the hosts. FALSE: UPnP cannot express them, and the operation has failed. */
gboolean upnp_negotiation_set_hosts (UpnpNegotiation *self, PlumRequest *request);
/* Sets the methods and the first attempt. The device must be known. */
void upnp_negotiation_init (UpnpNegotiation *self,
                            const UpnpNegotiationMethods *methods,
                            UpnpAction action,
                            guint internal_port,
                            guint lifetime);
/* Sends the request of the attempt. */
void upnp_negotiation_send (UpnpNegotiation *self);
/* Records this end of a connection. local_address: (nullable) */
void upnp_negotiation_note_local_address (UpnpNegotiation *self, const char *local_address);
/* Sends another action about the same port or pinhole, once. */
void upnp_negotiation_call (UpnpNegotiation *self, UpnpAction action, UpnpSoapFunc func);
/* Deletes an entry of this host, and repeats the delete with RemoteHost “*” if the router requires
 * it (quirk 52). func gets the last answer. */
void upnp_negotiation_delete (UpnpNegotiation *self, guint external_port, UpnpSoapFunc func);
/* Record that the request has no answer yet, or that its outcome is certain. Methods for prepare
 * and confirm. */
void upnp_negotiation_set_unconfirmed (UpnpNegotiation *self);
void upnp_negotiation_clear_unconfirmed (UpnpNegotiation *self);
/* A method for a delete. */
void upnp_negotiation_accept_delete (UpnpNegotiation *self, const UpnpSoapReply *reply);
/* A resolve method for a delete: an empty answer counts as success. */
gboolean upnp_negotiation_resolve_delete (UpnpNegotiation *self);
/* Takes the step of the ladder for this fault. */
void upnp_negotiation_reject (UpnpNegotiation *self, const UpnpSoapReply *reply, int code);
/* Takes this step, and sends the next request. */
void upnp_negotiation_take_step (UpnpNegotiation *self, const UpnpStep *step);
/* The outcome remains unknown, or the request had no effect: takes the step of the ladder if the
 * router answered with an error status, else fails. */
void upnp_negotiation_fail_unknown (UpnpNegotiation *self);
/* The outcome remains unknown, and no other request may be sent: an error status is not taken for a
 * refusal. */
void upnp_negotiation_fail_exchange (UpnpNegotiation *self);

/* Records that the outcome is certain, and what the attempt has shown about the device. */
void upnp_negotiation_confirm (UpnpNegotiation *self, gboolean success);
/* Settles the call with a lease. token: (transfer floating) */
void upnp_negotiation_return_lease (UpnpNegotiation *self,
                                    GInetAddress *external_address,
                                    guint external_port,
                                    guint lifetime,
                                    GVariant *token);

G_END_DECLS
