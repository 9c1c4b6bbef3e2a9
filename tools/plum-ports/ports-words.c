/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ports-words.h"

/* The end of a sentence on an external address: whom it lets in. */
static const char *
words_for_scope (PlumAddressScope scope)
{
  switch (scope)
    {
    case PLUM_ADDRESS_SCOPE_PUBLIC:
      return "public: the whole internet can reach it";
    case PLUM_ADDRESS_SCOPE_PRIVATE:
      return "private: another router stands between this one and the internet, and would have to "
             "map the port as well";
    case PLUM_ADDRESS_SCOPE_CGNAT:
      return "shared: the provider gives it to many customers, and lets nobody in";
    case PLUM_ADDRESS_SCOPE_UNSPECIFIED:
      return "empty: the router has no connection at present";
    case PLUM_ADDRESS_SCOPE_UNKNOWN:
      return "unknown: the router did not tell it";
    case PLUM_ADDRESS_SCOPE_LOOPBACK:
    case PLUM_ADDRESS_SCOPE_LINK_LOCAL:
    case PLUM_ADDRESS_SCOPE_DOCUMENTATION:
    case PLUM_ADDRESS_SCOPE_RESERVED:
    case PLUM_ADDRESS_SCOPE_MULTICAST:
    default:
      return "not of the internet: nobody outside can reach it";
    }
}

/* What a router's external address is good for. */
char *
ports_words_for_scope (PlumAddressScope scope)
{
  return g_strdup_printf ("This address is %s.", words_for_scope (scope));
}

static const char *
words_for_code (PlumError code)
{
  switch (code)
    {
    case PLUM_ERROR_NO_GATEWAY:
      return "This computer has no router to ask: is it connected to a network?";
    case PLUM_ERROR_NO_BACKEND:
      return "The router maps no ports. Switch on UPnP, NAT-PMP or PCP in its settings.";
    case PLUM_ERROR_TIMED_OUT:
      return "The router stopped answering.";
    case PLUM_ERROR_REFUSED:
      return "The router refuses to map ports for this computer. Allow it in its settings.";
    case PLUM_ERROR_CONFLICT:
      return "The port belongs to somebody else already: choose another one outside.";
    case PLUM_ERROR_NO_RESOURCES:
      return "The router has no room for another port, or no connection at present.";
    case PLUM_ERROR_NOT_SUPPORTED:
      return "The router cannot map this port.";
    case PLUM_ERROR_MALFORMED:
      return "The router's answer made no sense.";
    case PLUM_ERROR_DESTROYED:
    case PLUM_ERROR_MODULE:
    default:
      return "That did not work.";
    }
}

/* What to do about it first, and then what the library found. */
char *
ports_words_for_error (const GError *error)
{
  if (error == NULL)
    return g_strdup ("No reason was given.");
  if (error->domain != PLUM_ERROR)
    return g_strdup (error->message);

  return g_strdup_printf ("%s\n(%s)", words_for_code (error->code), error->message);
}

/* What one backend found at the router. */
char *
ports_words_for_probe (PlumProbe *probe)
{
  const GError *error = plum_probe_get_error (probe);

  switch (plum_probe_get_outcome (probe))
    {
    case PLUM_PROBE_PENDING:
      return g_strdup ("Asked; no answer yet");
    case PLUM_PROBE_SUCCESS:
      return g_strdup_printf ("Can map ports here; answered in %u ms", plum_probe_get_ms (probe));
    case PLUM_PROBE_TIMED_OUT:
    case PLUM_PROBE_REFUSED:
    case PLUM_PROBE_FAILED:
    default:
      return g_strdup (error != NULL ? error->message : "Cannot map ports here");
    }
}

/* The end of a sentence on how long the router keeps it. */
static char *
words_for_expiry (PlumMapping *mapping)
{
  GDateTime *expires_at = plum_mapping_get_expires_at (mapping);
  g_autoptr (GDateTime) local = NULL;

  if (expires_at == NULL)
    return g_strdup ("until it is removed");

  local = g_date_time_to_local (expires_at);
  return g_date_time_format (local, "renewed before %H:%M");
}

static char *
words_for_success (PlumMapping *mapping)
{
  PlumAddressScope scope = plum_mapping_get_external_scope (mapping);
  g_autofree char *endpoint = ports_words_for_endpoint (mapping);
  g_autofree char *expiry = words_for_expiry (mapping);

  if (scope == PLUM_ADDRESS_SCOPE_PUBLIC)
    return g_strdup_printf ("Reached at %s, %s", endpoint, expiry);

  return g_strdup_printf ("Mapped at %s, %s. The address is %s.", endpoint, expiry,
                          words_for_scope (scope));
}

/* Where a mapping stands. */
char *
ports_words_for_mapping (PlumMapping *mapping)
{
  switch (plum_mapping_get_state (mapping))
    {
    case PLUM_STATE_PENDING:
      return g_strdup ("Asking the router…");
    case PLUM_STATE_SUCCESS:
      return words_for_success (mapping);
    case PLUM_STATE_FAILURE:
      return ports_words_for_error (plum_mapping_get_error (mapping));
    case PLUM_STATE_DESTROYING:
      return g_strdup ("Removing it from the router…");
    case PLUM_STATE_DESTROYED:
    default:
      return g_strdup ("Removed");
    }
}

/* The port as its owner knows it: "TCP 8080". */
char *
ports_words_for_port (PlumMapping *mapping)
{
  gboolean tcp = plum_mapping_get_protocol (mapping) == PLUM_PROTOCOL_TCP;
  gboolean ipv6 = plum_mapping_get_family (mapping) == G_SOCKET_FAMILY_IPV6;

  return g_strdup_printf ("%s %u%s", tcp ? "TCP" : "UDP", plum_mapping_get_internal_port (mapping),
                          ipv6 ? " over IPv6" : "");
}

/* What to tell others: "198.51.100.7:8080", "[2001:db8::7]:8080", or the port alone where the
 * router does not tell its address. */
char *
ports_words_for_endpoint (PlumMapping *mapping)
{
  GInetSocketAddress *address = plum_mapping_get_external_address (mapping);

  if (address == NULL)
    return g_strdup_printf ("port %u", plum_mapping_get_external_port (mapping));

  return g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
}
