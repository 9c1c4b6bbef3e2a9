/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "upnp-backend.h"

G_BEGIN_DECLS

typedef struct _UpnpOperation UpnpOperation;

/* Frees what the operation has beyond this, not the block itself. */
typedef void (*UpnpOperationClear) (UpnpOperation *self);

/* What a PlumCall has us do, request by request. The first member of each kind of operation. It
 * ends by settling the call, or at once when core gives up. */
struct _UpnpOperation
{
  PlumUpnpBackend *backend; /* borrowed: the call keeps it */
  PlumCall *call;
  gulong cancelled;
  UpnpOperationClear clear; /* (nullable) */
  UpnpDevice *device;       /* (nullable) */
  UpnpDeviceCall *pending;  /* (nullable): under way */
  UpnpSoapFunc func;        /* for its reply */
};

gpointer upnp_operation_new (gsize size,
                             PlumUpnpBackend *backend,
                             PlumCall *call,
                             UpnpOperationClear clear);
/* Takes the backend's device; without one the operation fails, and is gone. */
gboolean upnp_operation_need_device (UpnpOperation *self);
/* The same; without one, that of a lease that another process made. lease: (nullable) */
gboolean upnp_operation_need_device_of (UpnpOperation *self, PlumLease *lease);
/* Sends a request to the operation's device. func's user_data is the operation. */
void upnp_operation_call (UpnpOperation *self,
                          const UpnpService *service,
                          const UpnpSoapRequest *request,
                          UpnpSoapFunc func);
/* Ends the operation; the call is the caller's to settle. (transfer full) */
PlumCall *upnp_operation_end (UpnpOperation *self);

/* These end the operation and settle the call. */
void upnp_operation_done (UpnpOperation *self);
void upnp_operation_fail (UpnpOperation *self, PlumError code, const char *format, ...)
  G_GNUC_PRINTF (3, 4);
/* For a request that got no answer in SOAP: if the service is not where it was, it is lost. */
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

/* Is it an entry for this internal port, and of the host at this end of the connection? */
gboolean upnp_entry_is_ours (const UpnpTableEntry *entry,
                             const char *local_address,
                             guint internal_port);

G_END_DECLS
