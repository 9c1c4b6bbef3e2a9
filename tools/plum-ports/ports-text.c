/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ports-text.h"

#include "router-text.h"
#include "shown-text.h"

/* The library quotes text from the network, which must not disguise the text around it. */
static char *
text_for_message (const GError *error)
{
  return shown_text_dup (error->message, "");
}

/* The end of a sentence about an external address. */
static const char *
text_for_scope (PlumAddressScope scope)
{
  switch (scope)
    {
    case PLUM_ADDRESS_SCOPE_PUBLIC:
      return "public: it can be reached from the internet";
    case PLUM_ADDRESS_SCOPE_PRIVATE:
      return "private: the router is behind a second router, which must map the port as well";
    case PLUM_ADDRESS_SCOPE_CGNAT:
      return "shared: the provider uses it for several customers, and does not forward ports";
    case PLUM_ADDRESS_SCOPE_UNSPECIFIED:
      return "empty: the router has no internet connection at present";
    case PLUM_ADDRESS_SCOPE_UNKNOWN:
      return "unknown: the router did not report it";
    case PLUM_ADDRESS_SCOPE_LOOPBACK:
    case PLUM_ADDRESS_SCOPE_LINK_LOCAL:
    case PLUM_ADDRESS_SCOPE_DOCUMENTATION:
    case PLUM_ADDRESS_SCOPE_RESERVED:
    case PLUM_ADDRESS_SCOPE_MULTICAST:
    default:
      return "not public: it cannot be reached from the internet";
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

  return text != NULL ? g_steal_pointer (&text) : g_strdup ("Point-to-point connection");
}

/* Describes an external address. */
char *
ports_text_for_scope (PlumAddressScope scope)
{
  return g_strdup_printf ("This address is %s.", text_for_scope (scope));
}

static const char *
text_for_code (PlumError code)
{
  switch (code)
    {
    case PLUM_ERROR_NO_GATEWAY:
      return "No router was found. Is this computer connected to a network?";
    case PLUM_ERROR_NO_BACKEND:
      return "The router offers no port mapping. Enable UPnP, NAT-PMP or PCP in its settings.";
    case PLUM_ERROR_TIMED_OUT:
      return "The router does not answer.";
    case PLUM_ERROR_REFUSED:
      return "The router refuses to map ports for this computer. Allow port mapping in its "
             "settings.";
    case PLUM_ERROR_CONFLICT:
      return "The port is used by another device. Choose another external port.";
    case PLUM_ERROR_NO_RESOURCES:
      return "The router's mapping table is full, or it has no internet connection at present.";
    case PLUM_ERROR_NOT_SUPPORTED:
      return "The router cannot map this port.";
    case PLUM_ERROR_MALFORMED:
      return "The router's answer is invalid.";
    case PLUM_ERROR_DESTROYED:
    case PLUM_ERROR_MODULE:
    default:
      return "The operation failed.";
    }
}

/* The advice for the user, followed by the message of the library. */
char *
ports_text_for_error (const GError *error)
{
  g_autofree char *message = NULL;

  if (error == NULL)
    return g_strdup ("Unknown error.");

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
    return g_strdup ("Public address of this computer");

  return g_strdup (description != NULL ? description : name);
}

/* How ports are mapped. `description` is that of the backend in use. */
char *
ports_text_for_backend_in_use (const char *name, const char *description)
{
  g_autofree char *title = ports_text_for_backend (name, description);

  if (is_direct (name))
    return g_strdup ("This computer has a public address: no router has to map ports.");

  return g_strdup_printf ("Maps ports with %s", title);
}

/* The outcome of a probe. */
char *
ports_text_for_probe (PlumProbe *probe)
{
  const GError *error = plum_probe_get_error (probe);

  switch (plum_probe_get_outcome (probe))
    {
    case PLUM_PROBE_PENDING:
      return g_strdup ("No answer yet");
    case PLUM_PROBE_SUCCESS:
      if (is_direct (plum_probe_get_name (probe)))
        return g_strdup ("Available; used as the external address");
      return g_strdup_printf ("Available; answered in %u ms", plum_probe_get_ms (probe));
    case PLUM_PROBE_TIMED_OUT:
    case PLUM_PROBE_REFUSED:
    case PLUM_PROBE_FAILED:
    default:
      return error != NULL ? text_for_message (error) : g_strdup ("Not available");
    }
}

/* The end of a sentence about a lease. */
static char *
text_for_expiry (PlumMapping *mapping)
{
  GDateTime *expires_at = plum_mapping_get_expires_at (mapping);
  g_autoptr (GDateTime) local = NULL;

  if (expires_at == NULL)
    return g_strdup ("permanent");

  local = g_date_time_to_local (expires_at);
  return g_date_time_format (local, "renewed before %H:%M");
}

static void
append_address (GString *text, GInetAddress *address)
{
  g_autofree char *host = address != NULL ? g_inet_address_to_string (address) : NULL;

  g_string_append (text, host != NULL ? host : "unknown address");
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
  GString *text;

  if (n == 0 || (n == 1 && error == NULL))
    return NULL;

  text = g_string_new ("This computer");
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PlumHop) hop = g_list_model_get_item (hops, i);

      g_string_append (text, " ― ");
      append_address (text, plum_hop_get_address (hop));
      g_string_append (text, " | ");
      append_address (text, plum_hop_get_external_address (hop));
    }
  if (message != NULL)
    g_string_append_printf (text, " ― the path ends here: %s", message);
  else
    g_string_append (text, " ― internet");
  return g_string_free (text, FALSE);
}

/* The same for the routers that were found without a mapping. */
char *
ports_text_for_chain (const RouterChain *chain)
{
  guint n = chain->routers->len;
  PlumGateway *last = chain->routers->pdata[n - 1];
  g_autofree char *message = chain->error != NULL ? text_for_message (chain->error) : NULL;
  GString *text = g_string_new ("This computer");

  for (guint i = 0; i < n; i++)
    {
      PlumGateway *router = chain->routers->pdata[i];

      g_string_append (text, " ― ");
      append_address (text, plum_gateway_get_address (router));
      g_string_append (text, " | ");
      append_address (text, plum_gateway_get_external_address (router));
    }
  if (message != NULL)
    g_string_append_printf (text, " ― the path ends here: %s", message);
  else if (plum_gateway_get_external_address (last) == NULL)
    g_string_append (text, " ― the router does not report whether the internet follows");
  else
    g_string_append (text, " ― internet");
  return g_string_free (text, FALSE);
}

static char *
text_for_success (PlumMapping *mapping)
{
  PlumAddressScope scope = plum_mapping_get_external_scope (mapping);
  g_autofree char *endpoint = ports_text_for_endpoint (mapping);
  g_autofree char *expiry = text_for_expiry (mapping);
  g_autofree char *path = ports_text_for_path (mapping);
  const char *separator = path != NULL ? "\n" : "";

  if (scope == PLUM_ADDRESS_SCOPE_PUBLIC)
    return g_strdup_printf ("Reachable at %s, %s%s%s", endpoint, expiry, separator,
                            path != NULL ? path : "");

  return g_strdup_printf ("Mapped at %s, %s. The address is %s.%s%s", endpoint, expiry,
                          text_for_scope (scope), separator, path != NULL ? path : "");
}

/* The state of a mapping. */
char *
ports_text_for_mapping (PlumMapping *mapping)
{
  switch (plum_mapping_get_state (mapping))
    {
    case PLUM_STATE_PENDING:
      return g_strdup ("Waiting for the router…");
    case PLUM_STATE_SUCCESS:
      return text_for_success (mapping);
    case PLUM_STATE_FAILURE:
      return ports_text_for_error (plum_mapping_get_error (mapping));
    case PLUM_STATE_DESTROYING:
      return g_strdup ("Removing…");
    case PLUM_STATE_DESTROYED:
    default:
      return g_strdup ("Removed");
    }
}

/* The name of the port: "TCP 8080". */
char *
ports_text_for_port (PlumMapping *mapping)
{
  gboolean tcp = plum_mapping_get_protocol (mapping) == PLUM_PROTOCOL_TCP;
  gboolean ipv6 = plum_mapping_get_family (mapping) == G_SOCKET_FAMILY_IPV6;

  return g_strdup_printf ("%s %u%s", tcp ? "TCP" : "UDP", plum_mapping_get_internal_port (mapping),
                          ipv6 ? " over IPv6" : "");
}

/* The external endpoint: "198.51.100.7:8080", "[2001:db8::7]:8080", or only the port if the
 * address is unknown. */
char *
ports_text_for_endpoint (PlumMapping *mapping)
{
  GInetSocketAddress *address = plum_mapping_get_external_address (mapping);

  if (address == NULL)
    return g_strdup_printf ("port %u", plum_mapping_get_external_port (mapping));

  return g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
}
