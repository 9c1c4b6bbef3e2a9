/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "upnp-session.h"

G_BEGIN_DECLS

typedef struct _UpnpOperation UpnpOperation;

/* Frees the members of the derived operation, not the block itself. */
typedef void (*UpnpOperationClear) (UpnpOperation *self);

/* The requests that carry out one PlumCall. It is the first member of each kind of operation, and
 * is freed when it settles the call or when core cancels the call. */
struct _UpnpOperation
{
  UpnpSession *session; /* borrowed: the call keeps the backend, which owns it */
  PlumCall *call;
  UpnpOperationClear clear; /* (nullable) */
  UpnpDevice *device;       /* (nullable) */
  gboolean substitute;      /* another service than that of the lease, which is not available */
  gboolean verifies;        /* an entry is being read back after its delete */
  GSource *pause;           /* (nullable): before it is read back again */
  UpnpDeviceCall *pending;  /* (nullable): the request under way */
  UpnpSoapFunc func;        /* for its reply */
  char *leftover;           /* (nullable): what may remain on the router, for the error */
};

gpointer upnp_operation_new (gsize size,
                             UpnpSession *session,
                             PlumCall *call,
                             UpnpOperationClear clear);
/* Uses the session's device. If there is none, the operation fails and is freed. */
gboolean upnp_operation_need_device (UpnpOperation *self);
/* The same for the service that made a lease, which may be another one than the session uses now.
 * lease: (nullable) */
gboolean upnp_operation_need_device_of (UpnpOperation *self, PlumLease *lease);
/* Whether the operation uses the service of the session. */
gboolean upnp_operation_is_current (UpnpOperation *self);
/* Uses the service of the session instead of that of the lease. FALSE: it is the same, or there is
 * none. */
gboolean upnp_operation_use_substitute (UpnpOperation *self);
/* Sends a request to the operation's device. The user_data of func is the operation. */
void upnp_operation_call (UpnpOperation *self,
                          const UpnpService *service,
                          const UpnpSoapRequest *request,
                          UpnpSoapFunc func);
/* Frees the operation and returns its call, which the caller settles. (transfer full) */
PlumCall *upnp_operation_finish (UpnpOperation *self);

/* Sets what may remain on the router if the operation fails. text: (transfer full) (nullable) */
void upnp_operation_set_leftover (UpnpOperation *self, char *text);

/* The following functions free the operation and settle its call. */
void upnp_operation_succeed (UpnpOperation *self);
void upnp_operation_fail (UpnpOperation *self, PlumError code, const char *format, ...)
  G_GNUC_PRINTF (3, 4);
/* For a request that was not answered in SOAP. Reports the device as lost if its service is no
 * longer available. */
void upnp_operation_fail_exchange (UpnpOperation *self,
                                   UpnpAction action,
                                   const UpnpSoapReply *reply,
                                   const GError *error);
/* For a fault. advice: (nullable) */
void upnp_operation_fail_fault (UpnpOperation *self,
                                UpnpAction action,
                                const UpnpSoapReply *reply,
                                PlumError code,
                                const char *advice);

/* A router that shows its entries did not show the one that is to be deleted: it may belong to
 * another host by now. reply: (nullable) */
void upnp_operation_fail_unseen (UpnpOperation *self,
                                 const UpnpSoapReply *reply,
                                 guint external_port);
/* Whether the entry must be read back after its delete: the first one of a device, and each one of
 * a device that was found to keep entries. */
gboolean upnp_operation_begin_verification (UpnpOperation *self);
/* Calls func with the operation, to read the entry back once more. FALSE: it was read twice. */
gboolean upnp_operation_read_back_later (UpnpOperation *self, GSourceFunc func);
/* The router has answered that it deleted the entry, and shows it. Records that. */
void upnp_operation_fail_kept (UpnpOperation *self, guint external_port);

/* Whether an entry that this program has added still leads to this internal port of the host at
 * this end of the connection. What the router does not report counts as unchanged (quirk 100). */
gboolean upnp_entry_is_ours (const UpnpTableEntry *entry,
                             const char *local_address,
                             guint internal_port);

G_END_DECLS
