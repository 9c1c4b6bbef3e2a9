/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stun-result.h"

#include <glib/gi18n-lib.h>
#include <plum-glib/plum-glib.h>

void
stun_result_clear (StunResult *self)
{
  g_clear_pointer (&self->server, g_free);
  g_clear_object (&self->address);
  g_clear_object (&self->reflexive);
  g_clear_object (&self->other);
  g_clear_pointer (&self->reason, g_free);
}

/* "1.2.3.4:9900"; NULL for NULL. (transfer full) */
static char *
describe (GInetSocketAddress *endpoint)
{
  return endpoint != NULL ? g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (endpoint)) : NULL;
}

static gboolean
is_public (GInetSocketAddress *endpoint)
{
  return plum_address_get_scope (g_inet_socket_address_get_address (endpoint)) ==
         PLUM_ADDRESS_SCOPE_PUBLIC;
}

/* Only a server on the internet sees what the internet sees. */
StunMatch
stun_result_match (const StunResult *self, const char *host, guint port)
{
  g_autoptr (GInetAddress) external = host != NULL ? g_inet_address_new_from_string (host) : NULL;

  if (self->reflexive == NULL || external == NULL || !is_public (self->address) ||
      !is_public (self->reflexive))
    return STUN_MATCH_UNKNOWN;
  if (!g_inet_address_equal (external, g_inet_socket_address_get_address (self->reflexive)))
    return STUN_MATCH_OTHER_ADDRESS;
  if (g_inet_socket_address_get_port (self->reflexive) != port)
    return STUN_MATCH_OTHER_PORT;

  return STUN_MATCH_SAME;
}

/* With another port, the answer of the server says nothing about the mapped one: some routers map a
 * port for incoming packets only. */
StunAnswer
stun_result_verify (const StunResult *self, const char *host, guint port)
{
  switch (stun_result_match (self, host, port))
    {
    case STUN_MATCH_SAME:
      return self->strangers;
    case STUN_MATCH_OTHER_ADDRESS:
      return STUN_NO;
    case STUN_MATCH_UNKNOWN:
    case STUN_MATCH_OTHER_PORT:
    default:
      return STUN_UNKNOWN;
    }
}

static char *
explain_strangers (const StunResult *self)
{
  g_autofree char *reflexive = describe (self->reflexive);
  g_autofree char *other = describe (self->other);

  switch (self->strangers)
    {
    case STUN_YES:
      return g_strdup_printf (_ ("a packet from %s, to which nothing was sent, reached %s"), other,
                              reflexive);
    case STUN_NO:
      return g_strdup_printf (
        _ ("packets from %s to %s did not arrive, although the port is mapped"), other, reflexive);
    case STUN_UNKNOWN:
    default:
      return g_strdup (self->reason);
    }
}

static char *
explain_unknown (const StunResult *self)
{
  g_autofree char *server = describe (self->address);
  g_autofree char *reflexive = describe (self->reflexive);

  if (self->reflexive == NULL)
    return g_strdup (self->reason);
  if (!is_public (self->address))
    return g_strdup_printf (_ ("the STUN server %s is not on the internet"), server);
  if (!is_public (self->reflexive))
    return g_strdup_printf (_ ("the STUN server %s sees %s, which is not a public address"), server,
                            reflexive);

  return g_strdup_printf (_ ("the internet sees %s, and the router does not report its address"),
                          reflexive);
}

char *
stun_result_explain (const StunResult *self, const char *host, guint port)
{
  g_autofree char *reflexive = describe (self->reflexive);

  switch (stun_result_match (self, host, port))
    {
    case STUN_MATCH_SAME:
      return explain_strangers (self);
    case STUN_MATCH_OTHER_ADDRESS:
      return g_strdup_printf (
        _ ("the internet sees %s, but the router reports the external address %s"), reflexive,
        host);
    case STUN_MATCH_OTHER_PORT:
      return g_strdup_printf (_ (
                                "packets of this port leave as %s, not from the mapped port %u, so "
                                "their answers do not show whether that port can be reached"),
                              reflexive, port);
    case STUN_MATCH_UNKNOWN:
    default:
      return explain_unknown (self);
    }
}

const char *
stun_answer_get_name (StunAnswer answer)
{
  switch (answer)
    {
    case STUN_YES:
      return "yes";
    case STUN_NO:
      return "no";
    case STUN_UNKNOWN:
    default:
      return "unknown";
    }
}

static void
write_endpoint (JsonWriter *json, const char *key, GInetSocketAddress *endpoint)
{
  g_autofree char *text = describe (endpoint);

  json_writer_string (json, key, text);
}

void
stun_result_write_json (const StunResult *self, JsonWriter *json)
{
  if (self == NULL)
    {
      json_writer_null (json, "stun");
      return;
    }

  json_writer_begin_object (json, "stun");
  json_writer_string (json, "server", self->server);
  write_endpoint (json, "address", self->address);
  write_endpoint (json, "reflexive", self->reflexive);
  write_endpoint (json, "other_address", self->other);
  if (self->strangers == STUN_UNKNOWN)
    json_writer_null (json, "open_to_strangers");
  else
    json_writer_bool (json, "open_to_strangers", self->strangers == STUN_YES);
  json_writer_string (json, "reason", self->reason);
  json_writer_end_object (json);
}
