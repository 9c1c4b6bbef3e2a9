/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-map.h"

#include "plum-double-nat.h"
#include "upnp-negotiation.h"
#include "upnp-token.h"

/* How long a known external address remains valid, in µs. */
#define ADDRESS_VALID (60 * G_USEC_PER_SEC)

#define LOWEST_PORT 1024
#define MAX_DRAWS 64
#define WEEK 604800

/* How many characters of a text from the router or another host to show. */
#define MAX_SHOWN 32

/* Why the entry of the port is read. */
typedef enum {
  READ_BEFORE_ADD,
  READ_AFTER_FAULT,
  READ_AFTER_EMPTY_ANSWER,
} UpnpReadReason;

typedef struct
{
  UpnpNegotiation negotiation;
  PlumRequest *request;
  char *description;
  guint granted_port;
  guint granted_lifetime;
  UpnpReadReason reason;
  gboolean internal_tried; /* the internal port as the external port */
  gboolean replaced;       /* this process's old entry was deleted, to be added again */
} UpnpMap;

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
  return upnp_session_get_ports (self->negotiation.operation.session);
}

/* -- The external port -- */

/* The internal port that an external port of this process leads to; 0: it holds no such port. */
static guint
upnp_map_get_holder (UpnpMap *self, guint port)
{
  const UpnpPort *held =
    upnp_ports_lookup (upnp_map_get_ports (self), self->negotiation.protocol, port);

  return held != NULL ? held->internal_port : 0;
}

/* Whether no other mapping of this process holds the external port. */
static gboolean
upnp_map_may_use (UpnpMap *self, guint port)
{
  guint holder = upnp_map_get_holder (self, port);

  return port != 0 && (holder == 0 || holder == self->negotiation.attempt.internal_port);
}

static void
upnp_map_set_port (UpnpMap *self, guint port)
{
  upnp_attempt_set_port (&self->negotiation.attempt, port);
  if (port == self->negotiation.attempt.internal_port)
    self->internal_tried = TRUE;
}

/* The internal port if it was not tried, else a random port that is not privileged. */
static guint
upnp_map_choose_port (UpnpMap *self, guint lowest)
{
  guint port = self->negotiation.attempt.internal_port;

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

/* FALSE: another mapping of this process holds the required port, and the operation has failed. */
static gboolean
upnp_map_choose_first_port (UpnpMap *self, guint port)
{
  UpnpAttempt *attempt = &self->negotiation.attempt;

  if (attempt->exact && !upnp_map_may_use (self, port))
    {
      upnp_operation_fail (&self->negotiation.operation, PLUM_ERROR_CONFLICT,
                           "external port %u belongs to another mapping of this program", port);
      return FALSE;
    }

  if (attempt->memory.same_port && !attempt->exact)
    port = attempt->internal_port;
  upnp_map_set_port (self, upnp_map_may_use (self, port) ? port : upnp_map_choose_port (self, 1));
  return TRUE;
}

/* -- Success -- */

static void
upnp_map_return (UpnpMap *self)
{
  UpnpDevice *device = self->negotiation.operation.device;
  gboolean permanent = self->granted_lifetime == PLUM_LIFETIME_FOREVER;

  upnp_negotiation_confirm (&self->negotiation, TRUE);
  upnp_negotiation_return_lease (&self->negotiation, device->external_address, self->granted_port,
                                 self->granted_lifetime,
                                 upnp_token_new (device->name, device->service, permanent));
}

static void
on_old_entry_deleted (const UpnpSoapReply *reply,
                      const char *local_address,
                      const GError *error,
                      gpointer user_data)
{
  upnp_map_return (user_data);
}

/* Sends a request about the requested port instead of the granted one. */
static void
upnp_map_call_for_requested (UpnpMap *self, UpnpAction action, UpnpSoapFunc func)
{
  UpnpSoapRequest request = self->negotiation.methods->make_request (&self->negotiation, action);

  request.external_port = plum_request_get_external_port (self->request);
  upnp_operation_call (&self->negotiation.operation, NULL, &request, func);
}

static gboolean
upnp_map_is_ours (UpnpMap *self, const UpnpTableEntry *entry, const char *local_address)
{
  return entry != NULL &&
         upnp_entry_is_ours (entry, local_address, self->negotiation.attempt.internal_port);
}

/* Deletes the old entry of this process, but not the entry of a host that has the port now. */
static void
on_old_entry_read (const UpnpSoapReply *reply,
                   const char *local_address,
                   const GError *error,
                   gpointer user_data)
{
  UpnpMap *self = user_data;
  g_autoptr (UpnpTableEntry) entry = NULL;

  if (error == NULL && reply->outcome == UPNP_SOAP_DONE)
    entry = upnp_soap_read_entry (reply);
  if (upnp_map_is_ours (self, entry, local_address))
    upnp_map_call_for_requested (self, UPNP_ACTION_DELETE, on_old_entry_deleted);
  else
    upnp_map_return (self);
}

static void
upnp_map_succeed (UpnpMap *self, guint port, guint lifetime)
{
  UpnpPorts *ports = upnp_map_get_ports (self);
  PlumProtocol protocol = self->negotiation.protocol;
  guint internal_port = self->negotiation.attempt.internal_port;
  guint requested = plum_request_get_external_port (self->request);
  const UpnpPort held = { .protocol = protocol,
                          .external_port = port,
                          .internal_port = internal_port };

  /* Record the port first, so that it can be deleted whatever fails later (quirk 60). */
  upnp_ports_add (ports, &held);
  self->granted_port = port;
  self->granted_lifetime = lifetime;
  if (requested == port || upnp_map_get_holder (self, requested) != internal_port)
    {
      upnp_map_return (self);
      return;
    }

  /* The router refused to renew the old port (quirk 10): its entry may still exist, and has no end
   * if the lease is permanent. */
  upnp_ports_remove (ports, protocol, requested);
  upnp_ports_set_unconfirmed (ports, protocol, internal_port, port);
  upnp_map_call_for_requested (self, UPNP_ACTION_GET_SPECIFIC, on_old_entry_read);
}

/* WANIPConnection:2 has no permanent leases and reads 0 as a week (UPnP IGD:2). A router that has
 * refused every other lease, however, may keep the entry for longer. */
static guint
upnp_map_get_lifetime (UpnpMap *self)
{
  const UpnpAttempt *attempt = &self->negotiation.attempt;
  guint lease = upnp_attempt_get_lease (attempt);
  gboolean forever = attempt->lifetime == 0 || attempt->lifetime == PLUM_LIFETIME_FOREVER;

  if (lease != 0)
    return lease;

  return attempt->v2 && forever ? WEEK : PLUM_LIFETIME_FOREVER;
}

/* -- Entries of the router's table -- */

static void
on_deleted_before_add (const UpnpSoapReply *reply,
                       const char *local_address,
                       const GError *error,
                       gpointer user_data)
{
  UpnpNegotiation *self = user_data;

  if (error != NULL)
    upnp_operation_fail_exchange (&self->operation, UPNP_ACTION_DELETE, reply, error);
  else
    upnp_negotiation_send (self);
}

/* The port already belongs to this mapping. Some routers cannot renew an entry (quirk 10): replace
 * it if it would expire soon. */
static void
upnp_map_adopt_entry (UpnpMap *self, const UpnpTableEntry *entry)
{
  guint lease = upnp_attempt_get_lease (&self->negotiation.attempt);
  guint port = self->negotiation.attempt.external_port;

  if (entry->lease == 0)
    upnp_map_succeed (self, port, PLUM_LIFETIME_FOREVER);
  else if (self->replaced || (lease != 0 && entry->lease > lease / 2))
    upnp_map_succeed (self, port, entry->lease);
  else
    {
      self->replaced = TRUE;
      upnp_negotiation_call (&self->negotiation, UPNP_ACTION_DELETE, on_deleted_before_add);
    }
}

/* "192.168.1.7", or, for this host, "this host's port 9090". */
static char *
dup_owner (const UpnpTableEntry *entry, const char *local_address)
{
  g_autoptr (GInetAddress) client = g_inet_address_new_from_string (entry->internal_client);

  if (g_strcmp0 (entry->internal_client, local_address) == 0)
    return g_strdup_printf ("this host's port %u", entry->internal_port);

  return client != NULL ? g_inet_address_to_string (client)
                        : upnp_soap_dup_shown (entry->internal_client, MAX_SHOWN);
}

/* The required port belongs to another host or program: name it. */
static void
upnp_map_fail_taken (UpnpMap *self, const UpnpTableEntry *entry, const char *local_address)
{
  g_autofree char *owner = dup_owner (entry, local_address);
  g_autofree char *name = upnp_soap_dup_shown (entry->description, MAX_SHOWN);
  g_autofree char *called = NULL;

  if (*name != '\0')
    called = g_strdup_printf (" (its entry is called “%s”)", name);

  upnp_negotiation_confirm (&self->negotiation, FALSE);
  upnp_operation_fail (&self->negotiation.operation, PLUM_ERROR_CONFLICT,
                       "external %s port %u belongs to %s%s",
                       self->negotiation.protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP",
                       self->negotiation.attempt.external_port,
                       *owner != '\0' ? owner : "another host", called != NULL ? called : "");
}

static void
upnp_map_fail_empty (UpnpMap *self)
{
  UpnpOperation *operation = &self->negotiation.operation;

  upnp_operation_fail (operation, PLUM_ERROR_MALFORMED,
                       "%s sent an empty answer to %s, and port %u is not in its table",
                       operation->device->name,
                       upnp_action_get_name (self->negotiation.attempt.action),
                       self->negotiation.attempt.external_port);
}

static void
on_entry (const UpnpSoapReply *reply,
          const char *local_address,
          const GError *error,
          gpointer user_data)
{
  UpnpMap *self = user_data;
  UpnpNegotiation *negotiation = &self->negotiation;
  /* The refused request was the add, not the read. */
  const UpnpSoapReply fault = { .outcome = UPNP_SOAP_FAULT, .code = negotiation->code };
  g_autoptr (UpnpTableEntry) entry = NULL;
  gboolean ours;

  if (!upnp_negotiation_read_entry (negotiation, reply, error, &entry))
    return;

  ours = upnp_map_is_ours (self, entry, local_address);
  if (entry != NULL && !ours && negotiation->attempt.exact)
    upnp_map_fail_taken (self, entry, local_address);
  else if (self->reason == READ_BEFORE_ADD)
    upnp_negotiation_send (negotiation);
  else if (self->reason == READ_AFTER_FAULT && ours)
    upnp_map_adopt_entry (self, entry);
  else if (self->reason == READ_AFTER_FAULT)
    upnp_negotiation_reject (negotiation, &fault, fault.code);
  else if (ours)
    upnp_map_succeed (self, negotiation->attempt.external_port, upnp_map_get_lifetime (self));
  else
    upnp_map_fail_empty (self);
}

static void
upnp_map_read_entry (UpnpMap *self, UpnpReadReason reason)
{
  self->reason = reason;
  upnp_negotiation_call (&self->negotiation, UPNP_ACTION_GET_SPECIFIC, on_entry);
}

/* -- The negotiation -- */

static UpnpSoapRequest
upnp_map_make_request (UpnpNegotiation *negotiation, UpnpAction action)
{
  const UpnpAttempt *attempt = &negotiation->attempt;

  return (UpnpSoapRequest){
    .action = action,
    .protocol = negotiation->protocol,
    .external_port = attempt->external_port,
    .internal_port = attempt->internal_port,
    .lease = upnp_attempt_get_lease (attempt),
    .description = attempt->memory.short_text ? "plum" : ((UpnpMap *) negotiation)->description,
    .remote_host = action == UPNP_ACTION_DELETE && attempt->memory.star_on_delete ? "*" : NULL,
  };
}

static void
upnp_map_accept (UpnpNegotiation *negotiation, const UpnpSoapReply *reply)
{
  UpnpMap *self = (UpnpMap *) negotiation;
  guint port = negotiation->attempt.external_port;

  if (negotiation->attempt.action == UPNP_ACTION_ADD_ANY)
    port = upnp_soap_read_port (reply);

  if (port != 0)
    upnp_map_succeed (self, port, upnp_map_get_lifetime (self));
  else
    upnp_negotiation_reject (negotiation, reply, UPNP_CODE_FAILED);
}

/* AddAnyPortMapping chooses the port itself: there is no entry that could be read. */
static gboolean
upnp_map_accept_empty (UpnpNegotiation *negotiation, const UpnpSoapReply *reply)
{
  if (negotiation->attempt.action != UPNP_ACTION_ADD)
    return FALSE;

  upnp_map_read_entry ((UpnpMap *) negotiation, READ_AFTER_EMPTY_ANSWER);
  return TRUE;
}

static gboolean
upnp_map_adapt (UpnpNegotiation *negotiation, const UpnpStep *step)
{
  UpnpMap *self = (UpnpMap *) negotiation;

  switch (step->next)
    {
    case UPNP_NEXT_READ_ENTRY:
      upnp_map_read_entry (self, READ_AFTER_FAULT);
      return FALSE;

    case UPNP_NEXT_OTHER_PORT:
    case UPNP_NEXT_FRESH_PORT:
    case UPNP_NEXT_ADD_PLAIN:
      upnp_map_set_port (self, upnp_map_choose_port (self, 1));
      return TRUE;

    case UPNP_NEXT_HIGH_PORT:
      upnp_map_set_port (self, upnp_map_choose_port (self, LOWEST_PORT));
      return TRUE;

    case UPNP_NEXT_SAME_PORT:
      upnp_map_set_port (self, negotiation->attempt.internal_port);
      return TRUE;

    case UPNP_NEXT_LEASE:
    case UPNP_NEXT_ADD_ANY:
    case UPNP_NEXT_SHORT_TEXT:
    case UPNP_NEXT_STAR:
    case UPNP_NEXT_ADD_PINHOLE:
    case UPNP_NEXT_NO_FIREWALL:
    case UPNP_NEXT_DONE:
    case UPNP_NEXT_FAIL:
    default:
      return TRUE;
    }
}

/* miniupnpd answers 501, which gives no reason, to every request while its own address is private
 * (quirk 65). */
static void
upnp_map_explain (UpnpNegotiation *negotiation, const UpnpSoapReply *reply, UpnpStep *step)
{
  GInetAddress *address = negotiation->operation.device->external_address;

  if (reply->outcome != UPNP_SOAP_FAULT || reply->code != UPNP_CODE_FAILED ||
      plum_address_get_scope (address) == PLUM_ADDRESS_SCOPE_PUBLIC)
    return;

  step->error = PLUM_ERROR_NO_RESOURCES;
  step->advice = PLUM_NO_PUBLIC_ADDRESS;
}

static const UpnpNegotiationMethods methods = {
  .prepare = upnp_negotiation_set_unconfirmed,
  .make_request = upnp_map_make_request,
  .accept = upnp_map_accept,
  .accept_empty = upnp_map_accept_empty,
  .adapt = upnp_map_adapt,
  .explain = upnp_map_explain,
  .confirm = upnp_negotiation_clear_unconfirmed,
};

/* -- Start -- */

/* A required port must not overwrite the entry of another host: some routers give it to the last
 * host that asks, and all do so within one host (quirks 49, 50). Ports of this process need no
 * check. */
static void
upnp_map_begin (UpnpMap *self)
{
  UpnpAttempt *attempt = &self->negotiation.attempt;
  const UpnpStep step = { .next = UPNP_NEXT_READ_ENTRY };

  if (!attempt->exact ||
      upnp_map_get_holder (self, attempt->external_port) == attempt->internal_port)
    {
      upnp_negotiation_send (&self->negotiation);
      return;
    }

  upnp_attempt_take (attempt, &step);
  upnp_map_read_entry (self, READ_BEFORE_ADD);
}

static void
on_address (const UpnpSoapReply *reply,
            const char *local_address,
            const GError *error,
            gpointer user_data)
{
  UpnpMap *self = user_data;
  UpnpOperation *operation = &self->negotiation.operation;

  if (error != NULL)
    {
      upnp_operation_fail_exchange (operation, UPNP_ACTION_GET_ADDRESS, reply, error);
      return;
    }

  /* A router that does not know its address at present may map ports nevertheless. */
  if (reply->outcome == UPNP_SOAP_DONE)
    {
      g_autoptr (GInetAddress) address = upnp_soap_read_address (reply);
      g_autoptr (PlumCall) call = g_object_ref (operation->call);

      if (upnp_device_set_address (operation->device, address))
        plum_backend_report_external_address (upnp_session_get_backend (operation->session),
                                              address);
      if (plum_call_is_settled (call)) /* a handler has cancelled it and so freed self */
        return;
    }

  upnp_map_begin (self);
}

void
upnp_map_start (UpnpSession *session, PlumRequest *request, PlumCall *call)
{
  UpnpMap *self = upnp_operation_new (sizeof (UpnpMap), session, call, upnp_map_clear);
  UpnpNegotiation *negotiation = &self->negotiation;
  gint64 now = plum_backend_get_time (upnp_session_get_backend (session));

  self->request = g_object_ref (request);
  self->description = upnp_soap_plain_description (plum_request_get_description (request));
  negotiation->protocol = plum_request_get_protocol (request);
  if (!upnp_operation_need_device (&negotiation->operation))
    return;

  upnp_negotiation_init (negotiation, &methods, UPNP_ACTION_ADD,
                         plum_request_get_internal_port (request),
                         plum_request_get_lifetime (request));
  negotiation->attempt.exact = plum_request_get_require_external_port (request);
  negotiation->attempt.has_others = upnp_ports_peek (upnp_map_get_ports (self)) != NULL;
  negotiation->attempt.no_public_address =
    plum_address_get_scope (negotiation->operation.device->external_address) !=
    PLUM_ADDRESS_SCOPE_PUBLIC;

  if (!upnp_map_choose_first_port (self, plum_request_get_external_port (request)))
    return;

  /* Read the address before adding an entry: if the read failed afterwards, the entry would be left
   * behind and fill the router's table (quirk 60). */
  if (now - negotiation->operation.device->address_time < ADDRESS_VALID)
    upnp_map_begin (self);
  else
    upnp_negotiation_call (negotiation, UPNP_ACTION_GET_ADDRESS, on_address);
}
