/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-address.h"

#include "plum-double-nat.h"
#include "upnp-operation.h"

#include <glib/gi18n-lib.h>

/* How long a known external address remains valid for a caller that asks for it, in µs. */
#define REQUESTED_ADDRESS_VALID (2 * G_USEC_PER_SEC)

/* The router has said that it has no address. */
static void
upnp_address_return_none (UpnpOperation *self)
{
  g_autoptr (PlumBackend) backend = g_object_ref (upnp_session_get_backend (self->session));

  upnp_operation_fail (self, PLUM_ERROR_NO_RESOURCES, _ ("%s reported no external address: %s"),
                       self->device->name, _ (PLUM_NO_PUBLIC_ADDRESS));
  plum_backend_report_external_address (backend, NULL);
}

/* Settles the call with the address that the device last reported. */
static void
upnp_address_return (UpnpOperation *self)
{
  g_autoptr (GInetAddress) address = NULL;
  g_autoptr (PlumCall) call = NULL;

  if (self->device->external_address == NULL)
    {
      upnp_address_return_none (self);
      return;
    }

  address = g_object_ref (self->device->external_address);
  call = upnp_operation_finish (self);
  plum_call_return_address (call, address);
}

static void
on_requested_address (const UpnpSoapReply *reply,
                      const char *local_address,
                      const GError *error,
                      gpointer user_data)
{
  UpnpOperation *self = user_data;
  g_autoptr (GInetAddress) address = NULL;

  if (error != NULL || reply->outcome == UPNP_SOAP_NO_ANSWER)
    {
      upnp_operation_fail_exchange (self, UPNP_ACTION_GET_ADDRESS, reply, error);
      return;
    }
  if (reply->outcome != UPNP_SOAP_DONE)
    {
      upnp_operation_fail_fault (self, UPNP_ACTION_GET_ADDRESS, reply, PLUM_ERROR_NO_RESOURCES,
                                 PLUM_NO_PUBLIC_ADDRESS);
      return;
    }

  address = upnp_soap_read_address (reply);
  upnp_device_set_address (self->device, address);
  upnp_address_return (self);
}

void
upnp_get_address_start (UpnpSession *session, PlumCall *call)
{
  static const UpnpSoapRequest request = { .action = UPNP_ACTION_GET_ADDRESS };
  UpnpOperation *self = upnp_operation_new (sizeof (UpnpOperation), session, call, NULL);

  if (!upnp_operation_need_device (self))
    return;

  /* Discovery has just read it. */
  if (plum_backend_get_time (upnp_session_get_backend (session)) - self->device->address_time <
      REQUESTED_ADDRESS_VALID)
    upnp_address_return (self);
  else
    upnp_operation_call (self, NULL, &request, on_requested_address);
}
