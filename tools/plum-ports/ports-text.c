/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ports-text.h"

#include "router-text.h"
#include "shown-text.h"

#include <glib/gi18n-lib.h>

/* The library quotes text from the network, which must not disguise the text around it. */
static char *
text_for_message (const GError *error)
{
  return shown_text_dup (error->message, "");
}

/* A sentence about an external address. */
static const char *
text_for_scope (PlumAddressScope scope)
{
  switch (scope)
    {
    case PLUM_ADDRESS_SCOPE_PUBLIC:
      return _ ("This address is public.");
    case PLUM_ADDRESS_SCOPE_PRIVATE:
      return _ ("This address is private: the router is behind a second router, which must map the "
                "port as well.");
    case PLUM_ADDRESS_SCOPE_CGNAT:
      return _ ("This address is shared: the provider uses it for several customers. Ports can be "
                "reached only if a PCP server of the provider maps them as well.");
    case PLUM_ADDRESS_SCOPE_UNSPECIFIED:
      return _ ("This address is empty: the router has no internet connection at present.");
    case PLUM_ADDRESS_SCOPE_UNKNOWN:
      return _ ("This address is unknown: the router did not report it.");
    case PLUM_ADDRESS_SCOPE_LOOPBACK:
    case PLUM_ADDRESS_SCOPE_LINK_LOCAL:
    case PLUM_ADDRESS_SCOPE_DOCUMENTATION:
    case PLUM_ADDRESS_SCOPE_RESERVED:
    case PLUM_ADDRESS_SCOPE_MULTICAST:
    default:
      return _ ("This address is not public: it cannot be reached from the internet.");
    }
}

/* "AVM FRITZ!Box 7590 (192.168.178.1)", or only the address. */
char *
ports_text_for_router (PlumGateway *gateway)
{
  GInetAddress *address = plum_gateway_get_address (gateway);
  g_autofree char *name = router_text_dup_name (gateway);
  g_autofree char *text = address != NULL ? g_inet_address_to_string (address) : NULL;

  if (name != NULL && text != NULL)
    return g_strdup_printf ("%s (%s)", name, text);
  if (name != NULL)
    return g_steal_pointer (&name);

  return text != NULL ? g_steal_pointer (&text) : g_strdup (_ ("Point-to-point connection"));
}

/* Describes an external address. */
char *
ports_text_for_scope (PlumAddressScope scope)
{
  return g_strdup (text_for_scope (scope));
}

static const char *
text_for_code (PlumError code)
{
  switch (code)
    {
    case PLUM_ERROR_NO_GATEWAY:
      return _ ("No router was found. Is this computer connected to a network?");
    case PLUM_ERROR_NO_BACKEND:
      return _ ("The router offers no port mapping. Enable UPnP, NAT-PMP or PCP in its settings.");
    case PLUM_ERROR_TIMED_OUT:
      return _ ("The router does not answer.");
    case PLUM_ERROR_REFUSED:
      return _ ("The router refuses to map ports for this computer. Allow port mapping in its "
                "settings.");
    case PLUM_ERROR_CONFLICT:
      return _ ("The external port is not available. Choose another external port.");
    case PLUM_ERROR_NO_RESOURCES:
      return _ ("The router's mapping table is full, or it has no internet connection at present.");
    case PLUM_ERROR_NOT_SUPPORTED:
      return _ ("The router cannot map this port.");
    case PLUM_ERROR_MALFORMED:
      return _ ("The router's answer is invalid.");
    case PLUM_ERROR_DESTROYED:
    case PLUM_ERROR_MODULE:
    default:
      return _ ("The operation failed.");
    }
}

/* The advice for the user, followed by the message of the library. */
char *
ports_text_for_error (const GError *error)
{
  g_autofree char *message = NULL;

  if (error == NULL)
    return g_strdup (_ ("Unknown error."));

  message = text_for_message (error);
  if (error->domain != PLUM_ERROR)
    return g_steal_pointer (&message);

  return g_strdup_printf ("%s\n(%s)", text_for_code (error->code), message);
}

/* The backend that uses the public address of this computer is no protocol: it asks no router. */
static gboolean
is_direct (const char *backend_name)
{
  return g_strcmp0 (backend_name, "direct") == 0;
}

/* The title of the row of a probe. `description` is that of the backend. */
char *
ports_text_for_backend (const char *name, const char *description)
{
  if (is_direct (name))
    return g_strdup (_ ("Public address of this computer"));

  return g_strdup (description != NULL ? description : name);
}

/* How ports are mapped. `description` is that of the backend in use. */
char *
ports_text_for_backend_in_use (const char *name, const char *description)
{
  g_autofree char *title = ports_text_for_backend (name, description);

  if (is_direct (name))
    return g_strdup (_ ("This computer has a public address: no router has to map ports."));

  return g_strdup_printf (
    /* Translators: the name of a protocol. */
    _ ("Maps ports with %s"), title);
}

/* The outcome of a probe. */
char *
ports_text_for_probe (PlumProbe *probe)
{
  const GError *error = plum_probe_get_error (probe);

  switch (plum_probe_get_outcome (probe))
    {
    case PLUM_PROBE_PENDING:
      return g_strdup (_ ("No answer yet"));
    case PLUM_PROBE_SUCCESS:
      if (is_direct (plum_probe_get_name (probe)))
        return g_strdup (_ ("Available; used as the external address"));
      return g_strdup_printf (
        /* Translators: a time in milliseconds. */
        _ ("Available; answered in %u ms"), plum_probe_get_ms (probe));
    case PLUM_PROBE_TIMED_OUT:
    case PLUM_PROBE_REFUSED:
    case PLUM_PROBE_FAILED:
    default:
      return error != NULL ? text_for_message (error) : g_strdup (_ ("Not available"));
    }
}

static const char *
text_for_address (GInetAddress *address, char **buffer)
{
  *buffer = address != NULL ? g_inet_address_to_string (address) : NULL;

  return *buffer != NULL ? *buffer : _ ("unknown address");
}

/* Appends a router with its two addresses to the text of a path, and frees that. */
static char *
append_router (char *path, GInetAddress *address, GInetAddress *external_address)
{
  g_autofree char *text = path;
  g_autofree char *inner = NULL;
  g_autofree char *outer = NULL;

  return g_strdup_printf ("%s ― %s | %s", text, text_for_address (address, &inner),
                          text_for_address (external_address, &outer));
}

/* The path from this computer to the internet, with both addresses of each router, and where it
 * ends; NULL: there is only one router, which is the last one. */
char *
ports_text_for_path (PlumMapping *mapping)
{
  GListModel *hops = plum_mapping_get_hops (mapping);
  const GError *error = plum_mapping_get_upstream_error (mapping);
  g_autofree char *message = error != NULL ? text_for_message (error) : NULL;
  guint n = g_list_model_get_n_items (hops);
  g_autofree char *path = NULL;

  if (n == 0 || (n == 1 && error == NULL))
    return NULL;

  /* Translators: the start of a path through routers. */
  path = g_strdup (_ ("This computer"));
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PlumHop) hop = g_list_model_get_item (hops, i);

      path = append_router (path, plum_hop_get_address (hop), plum_hop_get_external_address (hop));
    }

  if (message != NULL)
    /* Translators: the path through the routers so far, and an error. */
    return g_strdup_printf (_ ("%s ― the path ends here: %s"), path, message);

  /* Translators: the path through the routers. */
  return g_strdup_printf (_ ("%s ― internet"), path);
}

/* The time at which a lease expires; NULL: it does not. */
static char *
text_for_expiry (PlumMapping *mapping)
{
  GDateTime *expires_at = plum_mapping_get_expires_at (mapping);
  g_autoptr (GDateTime) local = NULL;

  if (expires_at == NULL)
    return NULL;

  local = g_date_time_to_local (expires_at);
  /* Translators: a time of day, as in g_date_time_format(). */
  return g_date_time_format (local, _ ("%H:%M"));
}

static char *
text_for_mapped (const char *endpoint, const char *expiry)
{
  /* Translators: an address and a port, and a time of day. */
  return expiry != NULL ? g_strdup_printf (_ ("Mapped at %s, renewed before %s."), endpoint, expiry)
                        : g_strdup_printf (_ ("Mapped at %s, permanent."), endpoint);
}

/* The same for the routers that were found without a mapping. */
char *
ports_text_for_chain (const RouterChain *chain)
{
  guint n = chain->routers->len;
  PlumGateway *last = chain->routers->pdata[n - 1];
  g_autofree char *message = chain->error != NULL ? text_for_message (chain->error) : NULL;
  /* Translators: the start of a path through routers. */
  g_autofree char *path = g_strdup (_ ("This computer"));

  for (guint i = 0; i < n; i++)
    {
      PlumGateway *router = chain->routers->pdata[i];

      path = append_router (path, plum_gateway_get_address (router),
                            plum_gateway_get_external_address (router));
    }

  if (message != NULL)
    /* Translators: the path through the routers so far, and an error. */
    return g_strdup_printf (_ ("%s ― the path ends here: %s"), path, message);
  if (plum_gateway_get_external_address (last) == NULL)
    /* Translators: the path through the routers so far. */
    return g_strdup_printf (_ ("%s ― the router does not report whether the internet follows"),
                            path);

  /* Translators: the path through the routers. */
  return g_strdup_printf (_ ("%s ― internet"), path);
}

static char *
text_for_success (PlumMapping *mapping)
{
  PlumAddressScope scope = plum_mapping_get_external_scope (mapping);
  g_autofree char *endpoint = ports_text_for_endpoint (mapping);
  g_autofree char *expiry = text_for_expiry (mapping);
  g_autofree char *path = ports_text_for_path (mapping);
  g_autofree char *mapped = text_for_mapped (endpoint, expiry);
  g_autofree char *state = g_strdup_printf ("%s %s", mapped, text_for_scope (scope));

  return path != NULL ? g_strdup_printf ("%s\n%s", state, path) : g_steal_pointer (&state);
}

/* The state of a mapping. */
char *
ports_text_for_mapping (PlumMapping *mapping)
{
  switch (plum_mapping_get_state (mapping))
    {
    case PLUM_STATE_PENDING:
      return g_strdup (_ ("Waiting for the router…"));
    case PLUM_STATE_SUCCESS:
      return text_for_success (mapping);
    case PLUM_STATE_FAILURE:
      return ports_text_for_error (plum_mapping_get_error (mapping));
    case PLUM_STATE_DESTROYING:
      return g_strdup (_ ("Removing…"));
    case PLUM_STATE_DESTROYED:
    default:
      return g_strdup (_ ("Removed"));
    }
}

/* The name of the port: "TCP 8080". */
char *
ports_text_for_port (PlumMapping *mapping)
{
  gboolean tcp = plum_mapping_get_protocol (mapping) == PLUM_PROTOCOL_TCP;
  gboolean ipv6 = plum_mapping_get_family (mapping) == G_SOCKET_FAMILY_IPV6;

  if (ipv6)
    /* Translators: TCP or UDP, and a port. */
    return g_strdup_printf (_ ("%s %u over IPv6"), tcp ? "TCP" : "UDP",
                            plum_mapping_get_internal_port (mapping));

  return g_strdup_printf ("%s %u", tcp ? "TCP" : "UDP", plum_mapping_get_internal_port (mapping));
}

/* The external endpoint: "198.51.100.7:8080", "[2001:db8::7]:8080", or only the port if the
 * address is unknown. */
char *
ports_text_for_endpoint (PlumMapping *mapping)
{
  GInetSocketAddress *address = plum_mapping_get_external_address (mapping);

  if (address == NULL)
    return g_strdup_printf (_ ("port %u"), plum_mapping_get_external_port (mapping));

  return g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
}
