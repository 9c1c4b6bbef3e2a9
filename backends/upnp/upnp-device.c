/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-device.h"

#include <glib/gi18n-lib.h>

#define DESCRIPTION_MAX (256 * 1024)
#define SOAP_MAX (64 * 1024)
#define LIST_MAX (1024 * 1024)
#define DESCRIPTION_TIMEOUT 2000
#define GATEWAY_TIMEOUT 4000 /* for its description: an answer may take 3 s */
#define SOAP_TIMEOUT 5000

#define STATUS_METHOD_NOT_ALLOWED 405
#define STATUS_NOT_IMPLEMENTED 501
#define CODE_INVALID_ACTION 401

/* The actions that a router may lack. */
#define OPTIONAL_ACTIONS                                                                           \
  (1u << UPNP_ACTION_ADD_ANY | 1u << UPNP_ACTION_GET_SPECIFIC | 1u << UPNP_ACTION_GET_GENERIC |    \
   1u << UPNP_ACTION_GET_LIST | 1u << UPNP_ACTION_UPDATE_PINHOLE)

/* What a control URL has shown. */
typedef struct
{
  gboolean m_post; /* M-POST was the last method that succeeded */
  guint answered;  /* bits: the actions that were answered in SOAP */
} UpnpControl;

struct _UpnpDeviceCall
{
  UpnpDevice *device;
  UpnpService *service; /* NULL: the request reads the description */
  UpnpSoapRequest request;
  char *remote_host;
  char *description;
  UpnpExchange *exchange;
  UpnpControl *control; /* borrowed from the device */
  gboolean m_post;
  UpnpSoapReply *refused; /* (nullable): to the other method */
  UpnpSoapFunc soap;
  UpnpGetFunc get;
  gpointer user_data;
};

UpnpDevice *
upnp_device_new (PlumBackend *backend, GMainContext *context, GInetAddress *address)
{
  UpnpDevice *self = g_rc_box_new0 (UpnpDevice);
  GInetAddress *gateway = plum_network_get_gateway (plum_backend_get_network (backend));

  self->backend = backend;
  self->address = g_object_ref (address);
  self->name = g_inet_address_to_string (address);
  self->is_gateway = gateway != NULL && g_inet_address_equal (address, gateway);
  self->boot_id = -1;
  self->controls = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->transport = upnp_transport_new (backend, context, address);
  return self;
}

UpnpDevice *
upnp_device_ref (UpnpDevice *self)
{
  return g_rc_box_acquire (self);
}

static void
upnp_device_clear (gpointer data)
{
  UpnpDevice *self = data;

  g_clear_pointer (&self->transport, upnp_transport_free);
  g_clear_pointer (&self->controls, g_hash_table_unref);
  g_clear_object (&self->address);
  g_free (self->name);
  g_clear_pointer (&self->location, upnp_url_free);
  g_clear_pointer (&self->description, upnp_description_free);
  g_clear_pointer (&self->service, upnp_service_free);
  g_clear_object (&self->external_address);
}

void
upnp_device_unref (UpnpDevice *self)
{
  g_rc_box_release_full (self, upnp_device_clear);
}

static void
upnp_device_call_free (UpnpDeviceCall *self)
{
  g_clear_pointer (&self->device, upnp_device_unref);
  g_clear_pointer (&self->service, upnp_service_free);
  g_clear_pointer (&self->refused, upnp_soap_reply_free);
  g_free (self->remote_host);
  g_free (self->description);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpDeviceCall, upnp_device_call_free)

gboolean
upnp_device_has_service (UpnpDevice *self, const UpnpService *service)
{
  return self->description != NULL &&
         g_ptr_array_find_with_equal_func (self->description->services, service,
                                           (GEqualFunc) upnp_service_equal, NULL);
}

gboolean
upnp_device_uses_service (UpnpDevice *self, GInetAddress *address, const UpnpService *service)
{
  if (!g_inet_address_equal (self->address, address))
    return FALSE;

  return upnp_service_equal (self->service, service) ||
         (g_str_equal (self->service->type, service->type) &&
          !upnp_device_has_service (self, service));
}

void
upnp_device_report (UpnpDevice *self)
{
  const UpnpDescription *description = self->description;
  g_autofree char *url = NULL;

  if (description != NULL)
    {
      url = upnp_description_make_presentation_url (description, self->address);
      plum_backend_report_router (self->backend, description->manufacturer, description->model,
                                  description->model_version, url);
    }
  if (self->status != PLUM_CONNECTION_STATUS_UNKNOWN)
    plum_backend_report_connection (self->backend, self->status, self->uptime);
}

static GBytes *
write_get (const char *host, const char *local_address, gpointer user_data)
{
  UpnpDeviceCall *call = user_data;

  return upnp_http_encode_get (host, call->device->location->target);
}

static void
on_description (UpnpHttpDecoder *reply,
                const char *local_address,
                const GError *error,
                gpointer user_data)
{
  g_autoptr (UpnpDeviceCall) call = user_data;
  UpnpDevice *self = call->device;
  g_autoptr (GError) bad = NULL;
  const char *body;
  gsize len;

  if (error != NULL)
    {
      call->get (error, call->user_data);
      return;
    }

  body = upnp_http_decoder_get_body (reply, &len);
  g_clear_pointer (&self->description, upnp_description_free);
  if (upnp_http_decoder_get_status (reply) / 100 == 2)
    self->description = upnp_description_decode (self->location, body, len, &bad);
  else
    g_set_error (&bad, PLUM_ERROR, PLUM_ERROR_MALFORMED, _ ("%s port %u: HTTP %u"), self->name,
                 self->location->port, upnp_http_decoder_get_status (reply));

  /* Also if it cannot map ports: a user has to find its settings then. */
  if (self->is_gateway)
    upnp_device_report (self);
  call->get (bad, call->user_data);
}

UpnpDeviceCall *
upnp_device_describe (UpnpDevice *self, UpnpGetFunc func, gpointer user_data)
{
  UpnpDeviceCall *call = g_new0 (UpnpDeviceCall, 1);

  call->device = upnp_device_ref (self);
  call->get = func;
  call->user_data = user_data;
  call->exchange = upnp_transport_send (self->transport, self->location->port, DESCRIPTION_MAX,
                                        self->is_gateway ? GATEWAY_TIMEOUT : DESCRIPTION_TIMEOUT,
                                        write_get, on_description, call);
  return call;
}

static GBytes *
write_post (const char *host, const char *local_address, gpointer user_data)
{
  UpnpDeviceCall *call = user_data;
  g_autofree char *body = upnp_soap_encode (&call->request, call->service->type, local_address);

  return upnp_http_encode_post (host, call->service->target, call->service->type,
                                upnp_action_get_name (call->request.action), body, call->m_post);
}

static UpnpControl *
upnp_device_get_control (UpnpDevice *self, const UpnpService *service)
{
  g_autofree char *key = g_strdup_printf ("%u %s", service->port, service->target);
  UpnpControl *control = g_hash_table_lookup (self->controls, key);

  if (control == NULL)
    {
      control = g_new0 (UpnpControl, 1);
      g_hash_table_insert (self->controls, g_steal_pointer (&key), control);
    }

  return control;
}

static UpnpSoapReply *
decode_reply (UpnpDeviceCall *call, UpnpHttpDecoder *http)
{
  gsize len;
  const char *body = upnp_http_decoder_get_body (http, &len);

  return upnp_soap_decode (call->request.action, upnp_http_decoder_get_status (http), body, len);
}

static gboolean
is_refused (const UpnpSoapReply *reply)
{
  return reply->outcome == UPNP_SOAP_NO_ANSWER && reply->status == STATUS_METHOD_NOT_ALLOWED;
}

/* Only for UpdatePinhole, which another action replaces. To a look, a router may send the code of a
 * fault as the status: 501 for a port without an entry. */
static gboolean
is_not_implemented (const UpnpSoapReply *reply, UpnpAction action)
{
  return action == UPNP_ACTION_UPDATE_PINHOLE && reply->outcome == UPNP_SOAP_NO_ANSWER &&
         reply->status == STATUS_NOT_IMPLEMENTED;
}

/* Records what the reply shows about the control URL. A URL that answers other actions exists: if
 * it is not found for an optional one, the router lacks that action. */
static void
upnp_device_call_learn (UpnpDeviceCall *self, UpnpSoapReply *reply)
{
  UpnpControl *control = self->control;
  const guint bit = 1u << self->request.action;

  if (reply->outcome == UPNP_SOAP_DONE)
    control->m_post = self->m_post;
  if (reply->outcome == UPNP_SOAP_FAULT)
    self->device->memory.sends_faults = TRUE;

  if (reply->outcome == UPNP_SOAP_DONE || reply->outcome == UPNP_SOAP_FAULT)
    {
      control->answered |= bit;
    }
  else if ((is_refused (reply) || upnp_soap_reply_is_gone (reply) ||
            is_not_implemented (reply, self->request.action)) &&
           (OPTIONAL_ACTIONS & bit) != 0 && control->answered != 0 &&
           (control->answered & bit) == 0)
    {
      reply->outcome = UPNP_SOAP_FAULT;
      reply->code = CODE_INVALID_ACTION;
    }
}

static void upnp_device_call_post (UpnpDeviceCall *self);

/* UPnP Device Architecture 1.0 3.2.1: if POST is refused, M-POST is used. */
static void
on_soap (UpnpHttpDecoder *http, const char *local_address, const GError *error, gpointer user_data)
{
  g_autoptr (UpnpDeviceCall) call = user_data;
  g_autoptr (UpnpSoapReply) reply = error == NULL ? decode_reply (call, http) : NULL;

  if (reply != NULL && is_refused (reply) && call->refused == NULL)
    {
      call->refused = g_steal_pointer (&reply);
      call->m_post = !call->m_post;
      upnp_device_call_post (g_steal_pointer (&call));
      return;
    }

  /* The answer to the first method counts if the other one has none. */
  if (call->refused != NULL && (reply == NULL || reply->outcome == UPNP_SOAP_NO_ANSWER))
    {
      g_clear_pointer (&reply, upnp_soap_reply_free);
      reply = g_steal_pointer (&call->refused);
      error = NULL;
    }

  if (reply != NULL)
    upnp_device_call_learn (call, reply);
  call->soap (reply, local_address, error, call->user_data);
}

static void
upnp_device_call_post (UpnpDeviceCall *self)
{
  gsize max = self->request.action == UPNP_ACTION_GET_LIST ? LIST_MAX : SOAP_MAX;

  self->exchange = upnp_transport_send (self->device->transport, self->service->port, max,
                                        SOAP_TIMEOUT, write_post, on_soap, self);
}

UpnpDeviceCall *
upnp_device_call (UpnpDevice *self,
                  const UpnpService *service,
                  const UpnpSoapRequest *request,
                  UpnpSoapFunc func,
                  gpointer user_data)
{
  UpnpDeviceCall *call = g_new0 (UpnpDeviceCall, 1);

  call->device = upnp_device_ref (self);
  call->service = upnp_service_copy (service != NULL ? service : self->service);
  call->remote_host = g_strdup (request->remote_host);
  call->control = upnp_device_get_control (self, call->service);
  call->m_post = call->control->m_post;
  call->description = g_strdup (request->description);
  call->request = *request;
  call->request.remote_host = call->remote_host;
  call->request.description = call->description;
  call->soap = func;
  call->user_data = user_data;
  upnp_device_call_post (call);
  return call;
}

void
upnp_device_call_cancel (UpnpDeviceCall *self)
{
  upnp_exchange_cancel (self->exchange);
  upnp_device_call_free (self);
}

gboolean
upnp_device_set_address (UpnpDevice *self, GInetAddress *address)
{
  gboolean same =
    address == self->external_address || (address != NULL && self->external_address != NULL &&
                                          g_inet_address_equal (address, self->external_address));

  g_set_object (&self->external_address, address);
  self->address_time = plum_backend_get_time (self->backend);
  return !same;
}
