/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "describe.h"

#include "common-options.h"
#include "exit-code.h"
#include "verified.h"
#include "way-text.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* The nick of an enumeration value, such as "no-gateway". Stable, for scripts. */
const char *
describe_enum (GType type, int value)
{
  GEnumClass *klass = g_type_class_ref (type); /* the nicks are literals and stay valid */
  const GEnumValue *found = g_enum_get_value (klass, value);
  const char *nick = found != NULL ? found->value_nick : "unknown";

  g_type_class_unref (klass);
  return nick;
}

const char *
describe_protocol (PlumProtocol protocol)
{
  return describe_enum (PLUM_TYPE_PROTOCOL, protocol);
}

const char *
describe_scope (PlumAddressScope scope)
{
  return describe_enum (PLUM_TYPE_ADDRESS_SCOPE, scope);
}

/* Why the internet cannot reach an external address of this scope; NULL if it can, or may. */
const char *
describe_scope_reason (PlumAddressScope scope)
{
  switch (scope)
    {
    case PLUM_ADDRESS_SCOPE_PUBLIC:
    case PLUM_ADDRESS_SCOPE_UNKNOWN:
      return NULL;
    case PLUM_ADDRESS_SCOPE_PRIVATE:
      return _ ("private: a second router is between your router and the internet");
    case PLUM_ADDRESS_SCOPE_CGNAT:
      return _ ("shared: your provider uses carrier-grade NAT");
    case PLUM_ADDRESS_SCOPE_UNSPECIFIED:
      return _ ("the router has no external address at present");
    case PLUM_ADDRESS_SCOPE_LOOPBACK:
    case PLUM_ADDRESS_SCOPE_LINK_LOCAL:
    case PLUM_ADDRESS_SCOPE_DOCUMENTATION:
    case PLUM_ADDRESS_SCOPE_RESERVED:
    case PLUM_ADDRESS_SCOPE_MULTICAST:
    default:
      return _ ("not a public address");
    }
}

/* The scope of an external address, for people. */
const char *
describe_scope_text (PlumAddressScope scope)
{
  const char *reason = describe_scope_reason (scope);

  if (reason != NULL)
    return reason;
  return scope == PLUM_ADDRESS_SCOPE_PUBLIC ? _ ("public") : _ ("unknown");
}

/* Why the external address of a gateway is unknown, as reported by a backend; NULL if no reason
 * was reported. */
char *
describe_missing_address (PlumGateway *gateway)
{
  GListModel *probes = plum_gateway_get_probes (gateway);

  if (plum_gateway_get_external_address (gateway) != NULL)
    return NULL;

  for (guint i = 0; i < g_list_model_get_n_items (probes); i++)
    {
      g_autoptr (PlumProbe) probe = g_list_model_get_item (probes, i);
      const GError *error = plum_probe_get_error (probe);

      if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NO_RESOURCES))
        return g_strdup (error->message);
    }

  return NULL;
}

/* A next step that is about the router's settings, with the URL of these if it is known. */
char *
describe_settings_step (PlumManager *manager, GSocketFamily family, const char *step)
{
  GListModel *gateways = plum_manager_get_gateways (manager);
  const char *url = NULL;

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      if (plum_gateway_get_family (gateway) != family)
        continue;
      url = plum_gateway_get_presentation_url (gateway);
      break;
    }

  if (url == NULL)
    return g_strdup (step);

  return
    /* Translators: a sentence, and a URL. */
    g_strdup_printf (_ ("%s The settings are at %s."), step, url);
}

char *
describe_lifetime (guint lifetime)
{
  if (lifetime == PLUM_LIFETIME_FOREVER)
    return g_strdup (_ ("until it is removed"));

  /* Translators: a time in seconds. */
  return g_strdup_printf (_ ("for %u s"), lifetime);
}

/* The protocol name to show to people for the name of a backend: "NAT-PMP" for "natpmp". */
const char *
describe_backend (const char *name)
{
  static const struct
  {
    const char *name;
    const char *text;
  } backends[] = {
    { "pcp", "PCP" },
    { "natpmp", "NAT-PMP" },
    { "upnp", "UPnP" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (backends); i++)
    if (g_str_equal (backends[i].name, name))
      return backends[i].text;

  return name;
}

/* Translators: in these, a time in milliseconds. */
static char *
describe_outcome (PlumProbeOutcome outcome, guint ms)
{
  switch (outcome)
    {
    case PLUM_PROBE_SUCCESS:
      return g_strdup_printf (_ ("success after %u ms"), ms);
    case PLUM_PROBE_TIMED_OUT:
      return g_strdup_printf (_ ("timed out after %u ms"), ms);
    case PLUM_PROBE_REFUSED:
      return g_strdup_printf (_ ("refused after %u ms"), ms);
    case PLUM_PROBE_FAILED:
      return g_strdup_printf (_ ("failed after %u ms"), ms);
    case PLUM_PROBE_PENDING:
    default:
      return g_strdup (_ ("pending"));
    }
}

/* Skips the name of the backend at the start of @message, where the caller prints it itself. */
const char *
describe_skip_backend (const char *message, const char *backend)
{
  g_autofree char *prefix = g_strdup_printf ("%s: ", describe_backend (backend));

  return g_str_has_prefix (message, prefix) ? message + strlen (prefix) : message;
}

/* The outcome of a probe, in one line, without the name of the backend. */
char *
describe_probe (PlumProbe *probe)
{
  const GError *error = plum_probe_get_error (probe);
  const char *message =
    error != NULL ? describe_skip_backend (error->message, plum_probe_get_name (probe)) : NULL;
  g_autofree char *outcome =
    describe_outcome (plum_probe_get_outcome (probe), plum_probe_get_ms (probe));

  return message != NULL ? g_strdup_printf ("%s: %s", outcome, message)
                         : g_steal_pointer (&outcome);
}

/* The text of an address; NULL for NULL. */
char *
describe_address (GInetAddress *address)
{
  return address != NULL ? g_inet_address_to_string (address) : NULL;
}

/* The exit status of plumctl after @error. */
int
describe_exit_code (const GError *error)
{
  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY) ||
      g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NO_BACKEND) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE))
    return PLUMCTL_NO_ROUTER;

  return PLUMCTL_FAILED;
}

/* The text of an address or a network; NULL for NULL. */
char *
describe_mask (GInetAddressMask *mask)
{
  return mask != NULL ? g_inet_address_mask_to_string (mask) : NULL;
}

/* The remote hosts of a mapping, such as "203.0.113.7 and 198.51.100.0/24"; NULL: all. */
static char *
describe_remote (PlumMapping *mapping)
{
  GListModel *masks = plum_mapping_get_remote_addresses (mapping);
  guint n = masks != NULL ? g_list_model_get_n_items (masks) : 0;
  char *text = NULL;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GInetAddressMask) mask = g_list_model_get_item (masks, i);
      g_autofree char *before = text;
      g_autofree char *shown = g_inet_address_mask_to_string (mask);

      /* Translators: one or more addresses, and one more. */
      text = before != NULL ? g_strdup_printf (_ ("%s and %s"), before, shown)
                            : g_steal_pointer (&shown);
    }
  return text;
}

/* The port of a mapping: "tcp:8080", or "tcp:8080 for 192.168.1.50 from 203.0.113.7". */
static char *
describe_mapping_port (PlumMapping *mapping)
{
  g_autofree char *host = describe_address (plum_mapping_get_internal_address (mapping));
  g_autofree char *from = describe_remote (mapping);
  const char *protocol = describe_protocol (plum_mapping_get_protocol (mapping));
  guint port = plum_mapping_get_internal_port (mapping);

  if (host != NULL && from != NULL)
    /* Translators: a port such as tcp:80, its host, and the hosts that may connect. */
    return g_strdup_printf (_ ("%s:%u for %s from %s"), protocol, port, host, from);
  if (host != NULL)
    /* Translators: a port such as tcp:80, and its host. */
    return g_strdup_printf (_ ("%s:%u for %s"), protocol, port, host);
  if (from != NULL)
    /* Translators: a port such as tcp:80, and the hosts that may connect. */
    return g_strdup_printf (_ ("%s:%u from %s"), protocol, port, from);

  return g_strdup_printf ("%s:%u", protocol, port);
}

/* The name of a mapping: its port, such as "tcp:8080", and "(IPv6)" if it is one of IPv6. */
char *
describe_mapping_name (PlumMapping *mapping)
{
  g_autofree char *port = describe_mapping_port (mapping);
  gboolean ipv6 = plum_mapping_get_family (mapping) == G_SOCKET_FAMILY_IPV6;

  return g_strconcat (port, ipv6 ? " (IPv6)" : NULL, NULL);
}

/* The routers that forward a port, such as "192.168.1.1 and 192.168.0.1"; NULL if there is only
 * one. */
char *
describe_way (PlumMapping *mapping)
{
  GListModel *hops = plum_mapping_get_hops (mapping);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < g_list_model_get_n_items (hops); i++)
    {
      g_autoptr (PlumHop) hop = g_list_model_get_item (hops, i);

      g_ptr_array_add (names, describe_address (plum_hop_get_address (hop)));
    }
  return names->len > 1 ? way_text_join (names) : NULL;
}

/* Adds the routers that forward the port, and why it may not be reached. Frees text. */
static char *
add_reach (char *text, PlumMapping *mapping)
{
  const char *reason = describe_scope_reason (plum_mapping_get_external_scope (mapping));
  const GError *error = plum_mapping_get_upstream_error (mapping);
  g_autofree char *way = describe_way (mapping);

  if (way != NULL)
    {
      g_autofree char *before = text;

      /* Translators: a mapping, and a list of routers. */
      text = g_strdup_printf (_ ("%s, through %s"), before, way);
    }
  if (reason != NULL)
    {
      g_autofree char *before = text;

      text = error != NULL ? g_strdup_printf ("%s (%s; %s)", before, reason, error->message)
                           : g_strdup_printf ("%s (%s)", before, reason);
    }
  return text;
}

/* The external address shows the family. */
static char *
describe_success (PlumMapping *mapping)
{
  const char *host = plum_mapping_get_external_host (mapping);
  const char *backend = plum_mapping_get_backend_name (mapping);
  gboolean bracket = plum_mapping_get_family (mapping) == G_SOCKET_FAMILY_IPV6;
  g_autofree char *port = describe_mapping_port (mapping);
  g_autofree char *lease = describe_lifetime (plum_mapping_get_lifetime (mapping));
  g_autofree char *endpoint =
    g_strdup_printf ("%s%s%s:%u", bracket ? "[" : "", host != NULL ? host : _ ("(address unknown)"),
                     bracket ? "]" : "", plum_mapping_get_external_port (mapping));

  return add_reach (
    /* Translators: a port such as tcp:80, an external address and port, a protocol, a duration. */
    g_strdup_printf (_ ("%s → %s by %s, %s"), port, endpoint,
                     backend != NULL ? describe_backend (backend) : "?", lease),
    mapping);
}

static void
describe_error_members (JsonWriter *json, const GError *error)
{
  const char *code = "other";

  if (error->domain == PLUM_ERROR)
    code = describe_enum (PLUM_TYPE_ERROR, error->code);
  else if (error->domain == G_IO_ERROR)
    code = describe_enum (G_TYPE_IO_ERROR_ENUM, error->code);

  json_writer_string (json, "code", code);
  json_writer_string (json, "message", error->message);
}

/* The state of a mapping, in one line. */
char *
describe_mapping (PlumMapping *mapping)
{
  g_autofree char *name = describe_mapping_name (mapping);
  const char *summary = plum_mapping_get_error_summary (mapping);

  switch (plum_mapping_get_state (mapping))
    {
    case PLUM_STATE_SUCCESS:
      return describe_success (mapping);
    case PLUM_STATE_FAILURE:
      return g_strdup_printf (_ ("%s failed: %s"), name,
                              summary != NULL ? summary : _ ("unknown reason"));
    case PLUM_STATE_PENDING:
      return g_strdup_printf (_ ("%s pending"), name);
    case PLUM_STATE_DESTROYING:
      return g_strdup_printf (_ ("%s being removed"), name);
    case PLUM_STATE_DESTROYED:
    default:
      return g_strdup_printf (_ ("%s removed"), name);
    }
}

/* The routers that forward a port, the one next to this computer first. */
void
describe_hops_json (JsonWriter *json, GListModel *hops)
{
  json_writer_begin_array (json, "hops");
  for (guint i = 0; hops != NULL && i < g_list_model_get_n_items (hops); i++)
    {
      g_autoptr (PlumHop) hop = g_list_model_get_item (hops, i);

      json_writer_begin_object (json, NULL);
      describe_address_json (json, "address", plum_hop_get_address (hop));
      describe_address_json (json, "external_host", plum_hop_get_external_address (hop));
      json_writer_int (json, "external_port", plum_hop_get_external_port (hop));
      json_writer_string (json, "backend", plum_hop_get_backend_name (hop));
      describe_lifetime_json (json, "lifetime", plum_hop_get_lifetime (hop));
      json_writer_end_object (json);
    }
  json_writer_end_array (json);
}

static void
describe_verdicts_json (JsonWriter *json, GListModel *verdicts)
{
  guint n = verdicts != NULL ? g_list_model_get_n_items (verdicts) : 0;

  json_writer_begin_array (json, "verdicts");
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PlumVerdict) verdict = g_list_model_get_item (verdicts, i);

      json_writer_begin_object (json, NULL);
      json_writer_string (json, "backend", plum_verdict_get_backend_name (verdict));
      json_writer_string (json, "title", plum_verdict_get_backend_title (verdict));
      json_writer_bool (json, "requested", plum_verdict_get_requested (verdict));
      describe_error_members (json, plum_verdict_get_error (verdict));
      json_writer_end_object (json);
    }
  json_writer_end_array (json);
}

/* Like describe_error_json(), with the sentence for the user and the errors of the backends. */
static void
describe_mapping_error_json (JsonWriter *json, PlumMapping *mapping)
{
  const GError *error = plum_mapping_get_error (mapping);

  if (error == NULL)
    {
      json_writer_null (json, "error");
      return;
    }

  json_writer_begin_object (json, "error");
  describe_error_members (json, error);
  json_writer_string (json, "summary", plum_mapping_get_error_summary (mapping));
  describe_verdicts_json (json, plum_mapping_get_verdicts (mapping));
  json_writer_end_object (json);
}

/* masks: (nullable) */
static void
describe_remote_json (JsonWriter *json, GListModel *masks)
{
  guint n = masks != NULL ? g_list_model_get_n_items (masks) : 0;

  json_writer_begin_array (json, "remote_addresses");
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GInetAddressMask) mask = g_list_model_get_item (masks, i);
      g_autofree char *text = g_inet_address_mask_to_string (mask);

      json_writer_string (json, NULL, text);
    }
  json_writer_end_array (json);
}

/* The event line of docs/plumctl-json.md. */
char *
describe_mapping_json (PlumMapping *mapping)
{
  g_autofree char *from = describe_mask (plum_mapping_get_remote_address (mapping));
  JsonWriter json;

  json_writer_init (&json);
  json_writer_begin_object (&json, NULL);
  json_writer_string (&json, "event", "mapping");
  json_writer_int (&json, "id", plum_mapping_get_id (mapping));
  json_writer_string (&json, "protocol", describe_protocol (plum_mapping_get_protocol (mapping)));
  json_writer_string (&json, "family",
                      plum_mapping_get_family (mapping) == G_SOCKET_FAMILY_IPV6 ? "ipv6" : "ipv4");
  describe_address_json (&json, "local_address", plum_mapping_get_local_address (mapping));
  json_writer_int (&json, "internal_port", plum_mapping_get_internal_port (mapping));
  describe_address_json (&json, "internal_address", plum_mapping_get_internal_address (mapping));
  json_writer_string (&json, "remote_address", from);
  describe_remote_json (&json, plum_mapping_get_remote_addresses (mapping));
  json_writer_string (&json, "state",
                      describe_enum (PLUM_TYPE_STATE, plum_mapping_get_state (mapping)));
  json_writer_string (&json, "external_host", plum_mapping_get_external_host (mapping));
  describe_port_json (&json, "external_port", plum_mapping_get_external_port (mapping));
  json_writer_string (&json, "external_scope",
                      describe_scope (plum_mapping_get_external_scope (mapping)));
  json_writer_string (&json, "backend", plum_mapping_get_backend_name (mapping));
  describe_lifetime_json (&json, "lifetime", plum_mapping_get_lifetime (mapping));
  describe_mapping_error_json (&json, mapping);
  describe_hops_json (&json, plum_mapping_get_hops (mapping));
  describe_error_json (&json, "upstream_error", plum_mapping_get_upstream_error (mapping));
  if (common_options.stun != NULL)
    verified_write_json (mapping, &json);
  json_writer_end_object (&json);

  return json_writer_finish (&json);
}

/* Writes an error as an object: its stable name and its message. */
void
describe_error_json (JsonWriter *json, const char *key, const GError *error)
{
  if (error == NULL)
    {
      json_writer_null (json, key);
      return;
    }

  json_writer_begin_object (json, key);
  describe_error_members (json, error);
  json_writer_end_object (json);
}

void
describe_address_json (JsonWriter *json, const char *key, GInetAddress *address)
{
  g_autofree char *text = describe_address (address);

  json_writer_string (json, key, text);
}

/* port: 0 is unknown. */
void
describe_port_json (JsonWriter *json, const char *key, guint port)
{
  if (port != 0)
    json_writer_int (json, key, port);
  else
    json_writer_null (json, key);
}

/* Seconds, or "forever". lifetime: 0 is unknown. */
void
describe_lifetime_json (JsonWriter *json, const char *key, guint lifetime)
{
  if (lifetime == PLUM_LIFETIME_FOREVER)
    json_writer_string (json, key, "forever");
  else if (lifetime == 0)
    json_writer_null (json, key);
  else
    json_writer_int (json, key, lifetime);
}
