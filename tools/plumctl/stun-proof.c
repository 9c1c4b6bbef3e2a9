/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stun-proof.h"

#include "endpoint.h"
#include "plum-interfaces.h"
#include "stun-server.h"

#include <glib/gi18n-lib.h>
#include <plum-glib/plum-glib.h>
#include <string.h>

static void G_GNUC_PRINTF (2, 3) add_note (StunProof *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  if (self->note != NULL)
    self->note (self, text);
}

/* Ends the proof; what is not known so far stays unknown, for this reason. */
static void G_GNUC_PRINTF (2, 3) give_up (StunProof *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  self->result.reason = g_strdup_vprintf (format, args);
  va_end (args);
  add_note (self, "%s", self->result.reason);
  self->done (self);
}

static char *
describe (GInetSocketAddress *endpoint)
{
  return g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (endpoint));
}

/* (transfer full) (nullable) */
static GInetSocketAddress *
make_endpoint (const StunAddress *address)
{
  g_autoptr (GInetAddress) inet = NULL;

  if (address->family == G_SOCKET_FAMILY_INVALID)
    return NULL;

  inet = g_inet_address_new_from_bytes (address->bytes, address->family);
  return G_INET_SOCKET_ADDRESS (g_inet_socket_address_new (inet, address->port));
}

/* An address of the same kind as the server's, but not the server's: one that is private, behind a
 * NAT of the server, cannot be where the answer comes from. */
static gboolean
is_usable (StunProof *self, GInetSocketAddress *other)
{
  GInetAddress *a = g_inet_socket_address_get_address (self->result.address);
  GInetAddress *b = g_inet_socket_address_get_address (other);

  return g_inet_socket_address_get_port (other) != 0 &&
         g_inet_address_get_family (a) == g_inet_address_get_family (b) &&
         plum_address_get_scope (a) == plum_address_get_scope (b) && !g_inet_address_equal (a, b);
}

/* Whether the answer is an error, or cannot be understood. Then ends the proof. */
static gboolean
is_refused (StunProof *self, const char *server)
{
  const StunResponse *response = &self->transaction.response;

  if (response->unknown_attribute != 0)
    give_up (self, _ ("the answer of the STUN server %s has the unknown attribute 0x%04x"), server,
             response->unknown_attribute);
  else if (response->error_code != 0)
    give_up (self, _ ("the STUN server %s answered with the error %u: %s"), server,
             response->error_code, stun_error_get_text (response->error_code));
  else
    return FALSE;

  return TRUE;
}

static void
begin (StunProof *self, GInetSocketAddress *other, void (*done) (StunTransaction *))
{
  g_autofree char *server = describe (self->result.address);
  g_autoptr (GError) error = NULL;

  self->transaction = (StunTransaction){
    .socket = self->socket,
    .server = self->result.address,
    .other = other,
    .rto_ms = self->rto_ms,
    .done = done,
    .user_data = self,
  };
  if (!stun_transaction_start (&self->transaction, &error))
    give_up (self, _ ("cannot send to the STUN server %s: %s"), server, error->message);
}

/* Whether the server sends from another address than it believes (RESPONSE-ORIGIN). */
static gboolean
is_behind_nat (StunProof *self)
{
  g_autoptr (GInetSocketAddress) origin = make_endpoint (&self->transaction.response.origin);

  return origin != NULL && !endpoint_equal (origin, self->result.address);
}

/* The answer that was requested from the other address. */
static void
on_other_answer (StunTransaction *transaction)
{
  StunProof *self = transaction->user_data;
  g_autofree char *server = describe (self->result.address);
  g_autofree char *other = describe (self->result.other);
  g_autofree char *stray = NULL;

  if (transaction->answered && is_refused (self, server))
    return;

  if (transaction->answered && !transaction->from_other)
    {
      give_up (self, _ ("the STUN server %s did not answer from %s as requested"), server, other);
      return;
    }
  /* If the server does not know from where it sends, the silence proves nothing. */
  if (!transaction->answered && transaction->stray != NULL)
    {
      stray = describe (transaction->stray);
      give_up (self, _ ("the STUN server %s answered from %s instead of %s"), server, stray, other);
      return;
    }
  if (!transaction->answered && self->behind_nat)
    {
      give_up (self, _ ("no answer came from %s, but the STUN server %s is itself behind a NAT"),
               other, server);
      return;
    }

  self->result.strangers = transaction->answered ? STUN_YES : STUN_NO;
  if (transaction->answered)
    add_note (self, _ ("an answer from %s arrived"), other);
  else
    add_note (self, _ ("an answer from %s did not arrive"), other);
  self->done (self);
}

static void
request_from_other (StunProof *self, const char *server)
{
  g_autofree char *other = NULL;
  GInetSocketAddress *offered = make_endpoint (&self->transaction.response.other);

  stun_transaction_clear (&self->transaction);
  self->result.other = offered;
  if (offered == NULL)
    {
      give_up (self, _ ("the STUN server %s does not offer to answer from another address"),
               server);
      return;
    }

  other = describe (offered);
  if (!is_usable (self, offered))
    {
      give_up (self, _ ("the STUN server %s offers to answer from %s, which cannot be used"),
               server, other);
      return;
    }

  add_note (self, _ ("requesting an answer from %s"), other);
  begin (self, offered, on_other_answer);
}

static void
on_answer (StunTransaction *transaction)
{
  StunProof *self = transaction->user_data;
  g_autofree char *server = describe (self->result.address);
  g_autofree char *reflexive = NULL;
  g_autofree char *stray = NULL;

  if (!transaction->answered && transaction->stray != NULL)
    {
      stray = describe (transaction->stray);
      give_up (self, _ ("the STUN server %s answered from %s, which was ignored"), server, stray);
      return;
    }
  if (!transaction->answered)
    {
      give_up (self, _ ("the STUN server %s did not answer within %.1f s"), server,
               STUN_WAIT_MS (self->rto_ms) / 1000.0);
      return;
    }
  if (is_refused (self, server))
    return;

  self->behind_nat = is_behind_nat (self);
  self->result.reflexive = make_endpoint (&transaction->response.mapped);
  reflexive = describe (self->result.reflexive);
  add_note (self, _ ("%s sees %s"), server, reflexive);
  request_from_other (self, server);
}

/* The first address of the family of the socket; NULL: none. */
static GInetAddress *
choose_address (StunProof *self, GList *addresses)
{
  for (GList *link = addresses; link != NULL; link = link->next)
    if (g_inet_address_get_family (link->data) == g_socket_get_family (self->socket))
      return link->data;

  return NULL;
}

static void
on_looked_up (GObject *object, GAsyncResult *result, gpointer user_data)
{
  StunProof *self = user_data;
  g_autoptr (GError) error = NULL;
  GList *addresses =
    g_resolver_lookup_by_name_with_flags_finish (G_RESOLVER (object), result, &error);
  g_autoptr (GSocketConnectable) server = stun_server_parse (self->result.server, NULL);
  GInetAddress *address = choose_address (self, addresses);
  g_autofree char *text = NULL;

  self->looking_up = FALSE;
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  if (address != NULL)
    self->result.address = G_INET_SOCKET_ADDRESS (
      g_inet_socket_address_new (address, g_network_address_get_port (G_NETWORK_ADDRESS (server))));
  g_resolver_free_addresses (addresses);
  if (self->cleared)
    return;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    give_up (self, _ ("the address of “%s” could not be found within %.1f s"), self->result.server,
             self->lookup_ms / 1000.0);
  else if (error != NULL)
    give_up (self, _ ("the address of “%s” could not be found: %s"), self->result.server,
             error->message);
  else if (self->result.address == NULL)
    give_up (self, _ ("the STUN server “%s” has no %s address"), self->result.server,
             g_socket_get_family (self->socket) == G_SOCKET_FAMILY_IPV6 ? "IPv6" : "IPv4");
  else if (self->interface_error != NULL)
    give_up (self, "%s", self->interface_error);
  else
    {
      text = describe (self->result.address);
      add_note (self, _ ("asking the STUN server %s"), text);
      begin (self, NULL, on_answer);
    }
}

static gboolean
on_stun_proof_deadline (gpointer user_data)
{
  StunProof *self = user_data;

  self->deadline_id = 0;
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

/* By another interface, the packets would pass another router, whose address the server would see.
 */
static void
use_interface (StunProof *self, const char *interface)
{
  g_autoptr (GError) error = NULL;

  if (interface != NULL && !plum_interfaces_bind_socket (self->socket, interface, &error))
    self->interface_error =
      g_strdup_printf (_ ("cannot send by the interface %s only: %s"), interface, error->message);
}

/* @server: accepted by stun_server_parse(). Its address has the family of @socket. @interface: the
 * only interface that is used; nullable. */
void
stun_proof_start (StunProof *self, const char *server, GSocket *socket, const char *interface)
{
  g_autoptr (GSocketConnectable) parsed = stun_server_parse (server, NULL);
  g_autoptr (GResolver) resolver = g_resolver_get_default ();
  GResolverNameLookupFlags flags = g_socket_get_family (socket) == G_SOCKET_FAMILY_IPV6
                                     ? G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY
                                     : G_RESOLVER_NAME_LOOKUP_FLAGS_IPV4_ONLY;

  self->result.server = g_strdup (server);
  self->socket = g_object_ref (socket);
  g_socket_set_blocking (socket, FALSE);
  use_interface (self, interface);
  self->cancellable = g_cancellable_new ();
  self->deadline_id = g_timeout_add (self->lookup_ms, on_stun_proof_deadline, self);
  self->looking_up = TRUE;
  g_resolver_lookup_by_name_with_flags_async (resolver,
                                              g_network_address_get_hostname (
                                                G_NETWORK_ADDRESS (parsed)),
                                              flags, self->cancellable, on_looked_up, self);
}

void
stun_proof_clear (StunProof *self)
{
  self->cleared = TRUE;
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  /* The lookup holds a pointer to @self until it returns. */
  while (self->looking_up)
    g_main_context_iteration (NULL, TRUE);

  g_clear_handle_id (&self->deadline_id, g_source_remove);
  stun_transaction_clear (&self->transaction);
  g_clear_object (&self->socket);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->interface_error, g_free);
  stun_result_clear (&self->result);
}
