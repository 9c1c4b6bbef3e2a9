/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-map.h"

#include "plum-double-nat.h"
#include "upnp-ladder.h"
#include "upnp-operation.h"
#include "upnp-token.h"

/* How long the external address is taken to be what it was, in µs. */
#define ADDRESS_FRESH (60 * G_USEC_PER_SEC)

#define LOWEST_PORT 1024
#define MAX_DRAWS 64
#define WEEK 604800

/* How much of what another host, or the router, has written is shown. */
#define MAX_SHOWN 32

typedef struct
{
  UpnpOperation operation;
  PlumRequest *request;
  PlumProtocol protocol;
  UpnpAttempt attempt;
  char *description;
  guint granted_port;
  guint granted_lifetime;
  int code;                /* of the fault that made us look */
  gboolean internal_tried; /* the internal port, as the external one */
  gboolean replaced;       /* our own old entry was deleted, to be made anew */
} UpnpMap;

static void upnp_map_add (UpnpMap *self);
static void upnp_map_step (UpnpMap *self, const UpnpSoapReply *reply, int code);

static void
upnp_map_clear (UpnpOperation *operation)
{
  UpnpMap *self = (UpnpMap *) operation;

  g_clear_object (&self->request);
  g_free (self->description);
}

static UpnpPorts *
upnp_map_get_ports (UpnpMap *self)
{
  return plum_upnp_backend_get_ports (self->operation.backend);
}

/* Is the external port free of our other mappings? */
static gboolean
upnp_map_may_use (UpnpMap *self, guint port)
{
  guint holder = upnp_ports_lookup (upnp_map_get_ports (self), self->protocol, port);

  return port != 0 && (holder == 0 || holder == self->attempt.internal_port);
}

static void
upnp_map_set_port (UpnpMap *self, guint port)
{
  upnp_attempt_set_port (&self->attempt, port);
  if (port == self->attempt.internal_port)
    self->internal_tried = TRUE;
}

/* The internal port, if it was not tried; else any that needs no privilege. */
static guint
upnp_map_choose_port (UpnpMap *self, guint lowest)
{
  guint port = self->attempt.internal_port;

  if (!self->internal_tried && port >= lowest && upnp_map_may_use (self, port))
    return port;

  for (guint i = 0; i < MAX_DRAWS; i++)
    {
      port = (guint) g_random_int_range (LOWEST_PORT, G_MAXUINT16 + 1);
      if (upnp_map_may_use (self, port))
        break;
    }

  return port;
}

/* How long what we asked for will live. WANIPConnection:2 knows no entry for ever and reads 0 as a
 * week, but one that has refused every other lease is not to be taken at its word. */
static guint
upnp_map_get_lifetime (UpnpMap *self)
{
  guint lease = upnp_attempt_get_lease (&self->attempt);
  gboolean asked_forever =
    self->attempt.lifetime == 0 || self->attempt.lifetime == PLUM_LIFETIME_FOREVER;

  if (lease != 0)
    return lease;

  return self->attempt.v2 && asked_forever ? WEEK : PLUM_LIFETIME_FOREVER;
}

/* Granted, or a clear no: nothing is in doubt. */
static void
upnp_map_settle (UpnpMap *self, gboolean success)
{
  upnp_ports_set_doubt (upnp_map_get_ports (self), self->protocol, self->attempt.internal_port, 0);
  upnp_attempt_learn (&self->attempt, success, &self->operation.device->memory);
}

static UpnpSoapRequest
upnp_map_make_request (UpnpMap *self, UpnpAction action)
{
  return (UpnpSoapRequest){
    .action = action,
    .protocol = self->protocol,
    .external_port = self->attempt.external_port,
    .internal_port = self->attempt.internal_port,
    .lease = upnp_attempt_get_lease (&self->attempt),
    .description = self->attempt.memory.short_text ? "plum" : self->description,
    .remote_host = action == UPNP_ACTION_DELETE && self->attempt.memory.star_on_delete ? "*" : NULL,
  };
}

/* The operation is over, with what was granted. */
static void
upnp_map_return (UpnpMap *self)
{
  UpnpDevice *device = self->operation.device;
  PlumUpnpBackend *backend = self->operation.backend;
  gboolean forever = self->granted_lifetime == PLUM_LIFETIME_FOREVER;
  g_autoptr (PlumLease) lease = NULL;
  g_autoptr (PlumCall) call = NULL;

  upnp_map_settle (self, TRUE);
  lease = plum_lease_new (device->external_address, self->granted_port, self->granted_lifetime,
                          upnp_token_new (device->name, device->service, forever));
  call = upnp_operation_end (&self->operation);
  plum_call_return_lease (call, lease);
  plum_upnp_backend_ports_changed (backend);
}

static void
on_left_deleted (const UpnpSoapReply *reply,
                 const char *local_address,
                 const GError *error,
                 gpointer user_data)
{
  upnp_map_return (user_data);
}

static void
upnp_map_call_for (UpnpMap *self, UpnpAction action, guint external_port, UpnpSoapFunc func)
{
  UpnpSoapRequest request = upnp_map_make_request (self, action);

  request.external_port = external_port;
  upnp_operation_call (&self->operation, NULL, &request, func);
}

static void
upnp_map_call (UpnpMap *self, UpnpAction action, UpnpSoapFunc func)
{
  upnp_map_call_for (self, action, self->attempt.external_port, func);
}

/* Ours is deleted; that of another host, who has got our port meanwhile, is not. */
static void
on_left_looked (const UpnpSoapReply *reply,
                const char *local_address,
                const GError *error,
                gpointer user_data)
{
  UpnpMap *self = user_data;
  g_autoptr (UpnpTableEntry) entry = NULL;

  if (error == NULL && reply->outcome == UPNP_SOAP_DONE)
    entry = upnp_soap_read_entry (reply);
  if (entry != NULL && upnp_entry_is_ours (entry, local_address, self->attempt.internal_port))
    upnp_map_call_for (self, UPNP_ACTION_DELETE, plum_request_get_external_port (self->request),
                       on_left_deleted);
  else
    upnp_map_return (self);
}

static void
upnp_map_succeed (UpnpMap *self, guint port, guint lifetime)
{
  UpnpPorts *ports = upnp_map_get_ports (self);
  guint asked = plum_request_get_external_port (self->request);

  /* First of all it is recorded: whatever fails later, it can be deleted (quirk 60). */
  upnp_ports_hold (ports, self->protocol, port, self->attempt.internal_port);
  self->granted_port = port;
  self->granted_lifetime = lifetime;
  if (asked == port ||
      upnp_ports_lookup (ports, self->protocol, asked) != self->attempt.internal_port)
    {
      upnp_map_return (self);
      return;
    }

  /* A renewal that was refused, and went elsewhere (quirk 10): the old entry may still be there,
   * and for good if its lease has no end. */
  upnp_ports_release (ports, self->protocol, asked);
  upnp_ports_set_doubt (ports, self->protocol, self->attempt.internal_port, port);
  upnp_map_call_for (self, UPNP_ACTION_GET_SPECIFIC, asked, on_left_looked);
}

/* Whether a fault that gives no reason (501) has one: miniupnpd fails so whatever it is asked while
 * its own address is private (quirk 65). */
static gboolean
upnp_map_lacks_address (UpnpMap *self, const UpnpSoapReply *reply)
{
  GInetAddress *address = self->operation.device->external_address;

  return reply->outcome == UPNP_SOAP_FAULT && reply->code == UPNP_CODE_FAILED &&
         plum_address_get_scope (address) != PLUM_ADDRESS_SCOPE_PUBLIC;
}

static void
upnp_map_give_up (UpnpMap *self, const UpnpSoapReply *reply, const UpnpStep *step)
{
  gboolean no_address = upnp_map_lacks_address (self, reply);

  upnp_map_settle (self, FALSE);
  upnp_operation_fail_fault (&self->operation, self->attempt.action, reply,
                             no_address ? PLUM_ERROR_NO_RESOURCES : step->error,
                             no_address ? PLUM_NO_PUBLIC_ADDRESS : step->advice);
}

static void
on_replaced (const UpnpSoapReply *reply,
             const char *local_address,
             const GError *error,
             gpointer user_data)
{
  UpnpMap *self = user_data;

  if (error != NULL)
    upnp_operation_fail_exchange (&self->operation, UPNP_ACTION_DELETE, reply, error);
  else
    upnp_map_add (self);
}

/* The port is ours already. Some do not let an entry be renewed (quirk 10): one that would soon be
 * over is made anew. */
static void
upnp_map_keep (UpnpMap *self, const UpnpTableEntry *entry)
{
  guint wanted = upnp_attempt_get_lease (&self->attempt);

  if (entry->lease == 0)
    upnp_map_succeed (self, self->attempt.external_port, PLUM_LIFETIME_FOREVER);
  else if (self->replaced || (wanted != 0 && entry->lease > wanted / 2))
    upnp_map_succeed (self, self->attempt.external_port, entry->lease);
  else
    {
      self->replaced = TRUE;
      upnp_map_call (self, UPNP_ACTION_DELETE, on_replaced);
    }
}

/* "192.168.1.7", or, of this host, "this host's port 9090". */
static char *
dup_owner (const UpnpTableEntry *entry, const char *local_address)
{
  g_autoptr (GInetAddress) client = g_inet_address_new_from_string (entry->internal_client);

  if (g_strcmp0 (entry->internal_client, local_address) == 0)
    return g_strdup_printf ("this host's port %u", entry->internal_port);

  return client != NULL ? g_inet_address_to_string (client)
                        : upnp_soap_dup_shown (entry->internal_client, MAX_SHOWN);
}

/* The port that is required is another's. Whose, is what a person wants to know. */
static void
upnp_map_fail_owned (UpnpMap *self, const UpnpTableEntry *entry, const char *local_address)
{
  g_autofree char *owner = dup_owner (entry, local_address);
  g_autofree char *name = upnp_soap_dup_shown (entry->description, MAX_SHOWN);
  g_autofree char *called = NULL;

  if (*name != '\0')
    called = g_strdup_printf (" (its entry is called “%s”)", name);

  upnp_map_settle (self, FALSE);
  upnp_operation_fail (&self->operation, PLUM_ERROR_CONFLICT, "external %s port %u belongs to %s%s",
                       self->protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP",
                       self->attempt.external_port, *owner != '\0' ? owner : "another host",
                       called != NULL ? called : "");
}

/* The answer to a look-up: *entry is NULL if there is none that could be read. FALSE: there was no
 * answer, and the operation is over. */
static gboolean
upnp_map_read_entry (UpnpMap *self,
                     const UpnpSoapReply *reply,
                     const GError *error,
                     UpnpTableEntry **entry)
{
  if (error != NULL)
    {
      upnp_operation_fail_exchange (&self->operation, UPNP_ACTION_GET_SPECIFIC, reply, error);
      return FALSE;
    }

  if (reply->outcome == UPNP_SOAP_DONE)
    *entry = upnp_soap_read_entry (reply);
  return TRUE;
}

static void
on_looked (const UpnpSoapReply *reply,
           const char *local_address,
           const GError *error,
           gpointer user_data)
{
  UpnpMap *self = user_data;
  const UpnpSoapReply fault = { .outcome = UPNP_SOAP_FAULT, .code = self->code };
  g_autoptr (UpnpTableEntry) entry = NULL;

  if (!upnp_map_read_entry (self, reply, error, &entry))
    return;

  if (entry != NULL && upnp_entry_is_ours (entry, local_address, self->attempt.internal_port))
    upnp_map_keep (self, entry);
  else if (entry != NULL && self->attempt.exact)
    upnp_map_fail_owned (self, entry, local_address);
  else
    upnp_map_step (self, &fault, self->code); /* what was looked at is not what was refused */
}

/* An entry of somebody else ends it; whatever else was said, the router is asked to add one. */
static void
on_looked_before (const UpnpSoapReply *reply,
                  const char *local_address,
                  const GError *error,
                  gpointer user_data)
{
  UpnpMap *self = user_data;
  g_autoptr (UpnpTableEntry) entry = NULL;

  if (!upnp_map_read_entry (self, reply, error, &entry))
    return;

  if (entry != NULL && !upnp_entry_is_ours (entry, local_address, self->attempt.internal_port))
    upnp_map_fail_owned (self, entry, local_address);
  else
    upnp_map_add (self);
}

/* Who asks for just this port must not get another's: some routers let the last one have it, and
 * all do if it is of the same host (quirks 49, 50). What we hold needs no look. */
static void
upnp_map_begin (UpnpMap *self)
{
  guint holder =
    upnp_ports_lookup (upnp_map_get_ports (self), self->protocol, self->attempt.external_port);
  const UpnpStep look = { .next = UPNP_NEXT_LOOK };

  if (!self->attempt.exact || holder == self->attempt.internal_port)
    {
      upnp_map_add (self);
      return;
    }

  upnp_attempt_take (&self->attempt, &look);
  upnp_map_call (self, UPNP_ACTION_GET_SPECIFIC, on_looked_before);
}

/* After a step that changed the port. */
static void
upnp_map_retry (UpnpMap *self, guint port)
{
  upnp_map_set_port (self, port);
  upnp_map_add (self);
}

/* The next rung after a fault. */
static void
upnp_map_step (UpnpMap *self, const UpnpSoapReply *reply, int code)
{
  UpnpStep step = upnp_ladder_next (&self->attempt, code);

  if (step.next == UPNP_NEXT_GIVE_UP)
    {
      upnp_map_give_up (self, reply, &step);
      return;
    }

  plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG, "%s: %s of port %u: error %d, trying otherwise",
            self->operation.device->name, upnp_action_get_name (self->attempt.action),
            self->attempt.external_port, code);
  upnp_attempt_take (&self->attempt, &step);
  self->code = code;

  switch (step.next)
    {
    case UPNP_NEXT_LOOK:
      upnp_map_call (self, UPNP_ACTION_GET_SPECIFIC, on_looked);
      break;

    case UPNP_NEXT_OTHER_PORT:
    case UPNP_NEXT_FRESH_PORT:
    case UPNP_NEXT_ADD_PLAIN:
      upnp_map_retry (self, upnp_map_choose_port (self, 1));
      break;

    case UPNP_NEXT_HIGH_PORT:
      upnp_map_retry (self, upnp_map_choose_port (self, LOWEST_PORT));
      break;

    case UPNP_NEXT_SAME_PORT:
      upnp_map_retry (self, self->attempt.internal_port);
      break;

    case UPNP_NEXT_LEASE:
    case UPNP_NEXT_ADD_ANY:
    case UPNP_NEXT_SHORT_TEXT:
    case UPNP_NEXT_STAR:
    case UPNP_NEXT_DONE:
    case UPNP_NEXT_GIVE_UP:
    default:
      upnp_map_add (self);
      break;
    }
}

/* An empty 200 may mean anything: what the table says counts (quirk 36). */
static void
on_read_back (const UpnpSoapReply *reply,
              const char *local_address,
              const GError *error,
              gpointer user_data)
{
  UpnpMap *self = user_data;
  g_autoptr (UpnpTableEntry) entry = NULL;

  if (!upnp_map_read_entry (self, reply, error, &entry))
    return;

  if (entry != NULL && upnp_entry_is_ours (entry, local_address, self->attempt.internal_port))
    upnp_map_succeed (self, self->attempt.external_port, upnp_map_get_lifetime (self));
  else if (entry != NULL && self->attempt.exact)
    upnp_map_fail_owned (self, entry, local_address);
  else
    upnp_operation_fail (&self->operation, PLUM_ERROR_MALFORMED,
                         "%s answered %s with nothing, and port %u is not in its table",
                         self->operation.device->name, upnp_action_get_name (self->attempt.action),
                         self->attempt.external_port);
}

static void
upnp_map_added (UpnpMap *self, const UpnpSoapReply *reply)
{
  guint port = self->attempt.external_port;

  if (self->attempt.action == UPNP_ACTION_ADD_ANY)
    port = upnp_soap_read_port (reply);

  if (port != 0)
    upnp_map_succeed (self, port, upnp_map_get_lifetime (self));
  else
    upnp_map_step (self, reply, UPNP_CODE_FAILED);
}

static void
on_added (const UpnpSoapReply *reply,
          const char *local_address,
          const GError *error,
          gpointer user_data)
{
  UpnpMap *self = user_data;

  if (error != NULL)
    upnp_operation_fail_exchange (&self->operation, self->attempt.action, reply, error);
  else if (reply->outcome == UPNP_SOAP_DONE)
    upnp_map_added (self, reply);
  else if (reply->outcome == UPNP_SOAP_FAULT)
    upnp_map_step (self, reply, reply->code);
  else if (reply->outcome == UPNP_SOAP_EMPTY && self->attempt.action == UPNP_ACTION_ADD)
    upnp_map_call (self, UPNP_ACTION_GET_SPECIFIC, on_read_back);
  else if (reply->outcome == UPNP_SOAP_EMPTY || reply->status / 100 == 5)
    upnp_map_step (self, reply, UPNP_CODE_FAILED);
  else
    upnp_operation_fail_exchange (&self->operation, self->attempt.action, reply, NULL);
}

static void
upnp_map_add (UpnpMap *self)
{
  upnp_ports_set_doubt (upnp_map_get_ports (self), self->protocol, self->attempt.internal_port,
                        self->attempt.external_port);
  upnp_map_call (self, self->attempt.action, on_added);
}

static void
on_address (const UpnpSoapReply *reply,
            const char *local_address,
            const GError *error,
            gpointer user_data)
{
  UpnpMap *self = user_data;
  PlumBackend *backend = PLUM_BACKEND (self->operation.backend);
  UpnpDevice *device = self->operation.device;

  if (error != NULL)
    {
      upnp_operation_fail_exchange (&self->operation, UPNP_ACTION_GET_ADDRESS, reply, error);
      return;
    }

  /* One that cannot tell at present can map all the same. */
  if (reply->outcome == UPNP_SOAP_DONE)
    {
      g_autoptr (GInetAddress) address = upnp_soap_read_address (reply);
      g_autoptr (PlumCall) alive = g_object_ref (self->operation.call);

      if (upnp_device_set_address (device, address))
        plum_backend_report_external_address (backend, address);
      if (plum_call_is_settled (alive)) /* a handler may have given it up: then self is gone */
        return;
    }

  upnp_map_begin (self);
}

/* FALSE: it must be one that our other mapping has; the operation is over. */
static gboolean
upnp_map_choose_first_port (UpnpMap *self, guint port)
{
  if (self->attempt.exact && !upnp_map_may_use (self, port))
    {
      upnp_operation_fail (&self->operation, PLUM_ERROR_CONFLICT,
                           "external port %u is that of another mapping of this program", port);
      return FALSE;
    }

  if (self->attempt.memory.same_port && !self->attempt.exact)
    port = self->attempt.internal_port;
  upnp_map_set_port (self, upnp_map_may_use (self, port) ? port : upnp_map_choose_port (self, 1));
  return TRUE;
}

void
upnp_map_start (PlumUpnpBackend *backend, PlumRequest *request, PlumCall *call)
{
  UpnpMap *self = upnp_operation_new (sizeof (UpnpMap), backend, call, upnp_map_clear);
  UpnpDevice *device;

  self->request = g_object_ref (request);
  self->protocol = plum_request_get_protocol (request);
  self->description = upnp_soap_plain_description (plum_request_get_description (request));
  if (!upnp_operation_need_device (&self->operation))
    return;

  device = self->operation.device;
  upnp_attempt_init (&self->attempt, UPNP_ACTION_ADD, &device->memory,
                     plum_request_get_internal_port (request), plum_request_get_lifetime (request),
                     upnp_service_is_v2 (device->service));
  self->attempt.exact = plum_request_get_require_external_port (request);
  self->attempt.has_others = !upnp_ports_is_empty (upnp_map_get_ports (self));

  if (!upnp_map_choose_first_port (self, plum_request_get_external_port (request)))
    return;

  /* The address is asked before the port: an entry made first and forgotten because the question
   * after it failed is how tables fill up (quirk 60). */
  if (plum_backend_get_time (PLUM_BACKEND (backend)) - device->asked < ADDRESS_FRESH)
    upnp_map_begin (self);
  else
    upnp_map_call (self, UPNP_ACTION_GET_ADDRESS, on_address);
}
