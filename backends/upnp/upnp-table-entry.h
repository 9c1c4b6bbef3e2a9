/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-negotiation.h"

G_BEGIN_DECLS

/* Reads or deletes one entry of the table. */
typedef struct
{
  UpnpNegotiation negotiation;
  guint external_port;
  guint internal_port;
  gboolean certain;    /* this program made the entry: delete it even if it cannot be read */
  gboolean verified;   /* the delete is for an entry of this host only */
  gboolean held;       /* this process holds the entry */
  char *former;        /* (nullable): the address that this host had when it made the entry */
  gboolean moved;      /* only an entry that leads to the former address is ours */
  gboolean no_lease;   /* the router did not answer the request for the mapping */
  gboolean unanswered; /* by the service that made the entry */
  gboolean look_repeated;
  gboolean unclear;  /* the entry may be ours, but the router does not report its host or port */
  char *description; /* (nullable) */
} UpnpTableOperation;

/* NULL: no router is known, and the operation has failed. lease: (nullable) */
UpnpTableOperation *upnp_table_operation_new (UpnpSession *session,
                                              PlumRequest *request,
                                              PlumLease *lease,
                                              PlumCall *call);
/* A make_request method. */
UpnpSoapRequest upnp_table_make_request (UpnpNegotiation *negotiation, UpnpAction action);
void upnp_table_read_entry (UpnpTableOperation *self, UpnpSoapFunc func);
/* Takes the answer. entry: set to NULL if the port has no entry, or if the answer is not usable. */
UpnpLookupResult upnp_table_take_entry (UpnpTableOperation *self,
                                        const UpnpSoapReply *reply,
                                        const char *local_address,
                                        const GError *error,
                                        UpnpTableEntry **entry);
/* If the service that made the entry does not answer, reads the entry of the session's service: the
 * router may have another address now. FALSE: it answers, or no other service is known. */
gboolean upnp_table_ask_substitute (UpnpTableOperation *self,
                                    const UpnpSoapReply *reply,
                                    const GError *error,
                                    UpnpSoapFunc func);

G_END_DECLS
