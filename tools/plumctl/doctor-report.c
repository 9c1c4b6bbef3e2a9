/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-report.h"

#include "common-options.h"
#include "describe-router.h"
#include "describe.h"
#include "doctor-outside.h"
#include "doctor-trial-report.h"
#include "output.h"
#include "packet-text.h"

#include <glib/gi18n-lib.h>

/* The number of packets shown per backend; --json shows all. */
#define MAX_PACKETS 24
#define MAX_SEARCHES 2
#define MAX_NOTES 24

/* The gateways of one family are in order: that of the default route is the first one. */
static gboolean
is_of_default_route (const DoctorReport *self, PlumGateway *gateway)
{
  GListModel *gateways = plum_manager_get_gateways (self->manager);

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) first = g_list_model_get_item (gateways, i);

      if (plum_gateway_get_family (first) == plum_gateway_get_family (gateway))
        return first == gateway;
    }

  return FALSE;
}

/* Why this gateway was chosen. */
static const char *
get_choice (const DoctorReport *self, PlumGateway *gateway)
{
  if (!is_of_default_route (self, gateway))
    return "other-network";
  if (common_options.gateway != NULL)
    return "option-gateway";
  if (common_options.interface != NULL)
    return "option-interface";
  return "default-route";
}

static const char *
describe_choice (const DoctorReport *self, PlumGateway *gateway)
{
  if (!is_of_default_route (self, gateway))
    return _ ("another network, not used by default");
  if (common_options.gateway != NULL)
    return _ ("chosen by --gateway");
  if (common_options.interface != NULL)
    return _ ("chosen by --interface");
  return _ ("default route");
}

static const char *
describe_readback (Readback readback)
{
  switch (readback)
    {
    case READBACK_THERE:
      return "there";
    case READBACK_GONE:
      return "gone";
    case READBACK_NOT_SUPPORTED:
      return "not-supported";
    case READBACK_NOT_DONE:
    case READBACK_UNKNOWN:
    default:
      return NULL;
    }
}

static void
print_event (const DoctorEvent *event)
{
  g_autofree char *peer = doctor_log_describe_peer (event);
  g_autofree char *what = NULL;
  g_autofree char *text = NULL;
  guint size;

  if (event->note != NULL)
    {
      output_line (OUTPUT_FAINT, "    +%u ms %s", event->ms, event->note);
      return;
    }

  what = packet_text_describe (event->bytes);
  size = (guint) g_bytes_get_size (event->bytes);
  text =
    g_strdup_printf (event->direction == PLUM_TRAFFIC_SENT
                       /* Translators: a time in milliseconds, an address, the size of a packet. */
                       ? g_dngettext (GETTEXT_PACKAGE, "+%u ms to %s, %u byte",
                                      "+%u ms to %s, %u bytes", size)
                       /* Translators: a time in milliseconds, an address, the size of a packet. */
                       : g_dngettext (GETTEXT_PACKAGE, "+%u ms from %s, %u byte",
                                      "+%u ms from %s, %u bytes", size),
                     event->ms, peer, size);
  if (what != NULL)
    output_line (OUTPUT_FAINT, "    %s: %s", text, what);
  else
    output_line (OUTPUT_FAINT, "    %s", text);
}

/* Long exchanges, and repeated searches in particular, are shortened. */
static void
print_events (const DoctorReport *self, PlumGateway *gateway, const char *backend)
{
  guint n_packets = 0;
  guint n_searches = 0;
  guint n_notes = 0;
  guint n_hidden = 0;

  for (guint i = 0; i < self->log->events->len; i++)
    {
      const DoctorEvent *event = self->log->events->pdata[i];

      if (event->gateway != gateway || g_strcmp0 (event->backend, backend) != 0)
        continue;
      if (event->note != NULL ? ++n_notes > MAX_NOTES
                              : (doctor_event_is_search (event) && ++n_searches > MAX_SEARCHES) ||
                                  ++n_packets > MAX_PACKETS)
        n_hidden++;
      else
        print_event (event);
    }

  if (n_hidden > 0)
    output_line (OUTPUT_FAINT,
                 g_dngettext (GETTEXT_PACKAGE, "    %u more event; --json shows more",
                              "    %u more events; --json shows more", n_hidden),
                 n_hidden);
}

static void
print_probe (const DoctorReport *self, PlumGateway *gateway, PlumProbe *probe)
{
  PlumProbeOutcome outcome = plum_probe_get_outcome (probe);
  const GError *error = plum_probe_get_error (probe);
  const char *name = plum_probe_get_name (probe);
  g_autofree char *text = describe_probe (probe);

  /* It queries no router, and a private local address is not a fault. */
  if (g_str_equal (name, "direct") && error != NULL)
    {
      if (plum_gateway_get_family (gateway) == G_SOCKET_FAMILY_IPV4)
        output_line (OUTPUT_PLAIN, "  %s", error->message);
      return;
    }
  if (error != NULL && g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED) &&
      !doctor_log_has_sent (self->log, gateway, name))
    {
      /* Translators: a protocol, and the reason. */
      output_line (OUTPUT_PLAIN, _ ("  %s: not asked: %s"), describe_backend (name),
                   describe_skip_backend (error->message, name));
      return;
    }

  output_line (outcome == PLUM_PROBE_SUCCESS ? OUTPUT_GOOD : OUTPUT_PLAIN, "  %s: %s",
               describe_backend (name), text);
  print_events (self, gateway, name);
}

static void
print_gateway (const DoctorReport *self, PlumGateway *gateway)
{
  GListModel *probes = plum_gateway_get_probes (gateway);
  PlumAddressScope scope = plum_gateway_get_external_scope (gateway);
  const char *reason = describe_scope_reason (scope);
  const char *interface = plum_gateway_get_interface (gateway);
  g_autofree char *address = describe_address (plum_gateway_get_address (gateway));
  g_autofree char *local = describe_address (plum_gateway_get_local_address (gateway));
  g_autofree char *external = describe_address (plum_gateway_get_external_address (gateway));
  g_autofree char *router = describe_router (gateway);

  output_line (OUTPUT_PLAIN,
               /* Translators: an address, an interface, why the gateway was chosen, an address. */
               _ ("gateway %s on %s (%s), local address %s"),
               address != NULL ? address : _ ("none (no next hop)"),
               interface != NULL ? interface : _ ("an unknown interface"),
               describe_choice (self, gateway), local != NULL ? local : _ ("unknown"));
  if (router != NULL)
    output_line (OUTPUT_PLAIN, _ ("  router %s"), router);

  for (guint i = 0; i < g_list_model_get_n_items (probes); i++)
    {
      g_autoptr (PlumProbe) probe = g_list_model_get_item (probes, i);

      print_probe (self, gateway, probe);
    }

  if (external != NULL)
    /* Translators: an address, and its kind. */
    output_line (OUTPUT_PLAIN, _ ("  external address %s (%s)"), external,
                 reason != NULL ? reason : describe_scope_text (scope));
  else
    output_line (OUTPUT_PLAIN, _ ("  external address unknown"));
}

static void
print_routers (const DoctorPart *part)
{
  g_autofree char *text = output_is_terminal () ? doctor_routers_draw (part->routers)
                                                : doctor_routers_describe (part->routers);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; part->routers->n_routers > 0 && lines[i] != NULL; i++)
    output_line (OUTPUT_PLAIN, "%s", lines[i]);
}

static void
print_part (const DoctorPart *part)
{
  if (part->error != NULL)
    output_line (OUTPUT_BAD, _ ("discovery: %s"), part->error->message);
  if (part->stray != NULL)
    output_line (OUTPUT_BAD, _ ("an answer came from %s instead of the gateway"), part->stray);
  for (guint i = 0; part->trial != NULL && i < G_N_ELEMENTS (part->trial->mappings); i++)
    {
      doctor_trial_print ((PlumProtocol) i, part->family, &part->trial->mappings[i]);
      if (i == PLUM_PROTOCOL_TCP)
        doctor_outside_print_tcp (part->trial);
    }

  if (part->trial != NULL)
    doctor_outside_print_stun (part->trial);
  print_routers (part);
}

/* @is_main: FALSE if another family decides the exit status. */
static void
print_verdict (const DoctorReport *self, const DoctorPart *part, gboolean is_main)
{
  g_autofree char *sentence = doctor_report_dup_sentence (self, part);
  g_autofree char *step = doctor_report_dup_next_step (self, part);
  OutputColour colour =
    doctor_verdict_get_exit_code (part->verdict) == 0 ? OUTPUT_GOOD : OUTPUT_BAD;

  if (is_main)
    {
      output_line (colour, _ ("verdict: %s"), sentence);
      output_line (OUTPUT_PLAIN, _ ("next step: %s"), step);
    }
  else if (part->family == G_SOCKET_FAMILY_IPV6)
    {
      output_line (colour, _ ("IPv6 verdict: %s"), sentence);
      output_line (OUTPUT_PLAIN, _ ("IPv6 next step: %s"), step);
    }
  else
    {
      output_line (colour, _ ("IPv4 verdict: %s"), sentence);
      output_line (OUTPUT_PLAIN, _ ("IPv4 next step: %s"), step);
    }
}

void
doctor_report_print_text (const DoctorReport *self)
{
  g_autofree char *left_out = doctor_log_describe_left_out (self->log);
  GListModel *gateways = plum_manager_get_gateways (self->manager);

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      print_gateway (self, gateway);
    }

  for (guint i = 0; i < self->n_parts; i++)
    print_part (&self->parts[i]);
  if (left_out != NULL)
    output_line (OUTPUT_PLAIN, "%s", left_out);

  for (guint i = 0; i < self->n_parts; i++)
    if (i != self->main && self->parts[i].verdict != DOCTOR_NO_GATEWAY)
      print_verdict (self, &self->parts[i], FALSE);
  print_verdict (self, &self->parts[self->main], TRUE);
}

static void
write_probes (JsonWriter *json, PlumGateway *gateway)
{
  GListModel *probes = plum_gateway_get_probes (gateway);

  json_writer_begin_array (json, "probes");
  for (guint i = 0; i < g_list_model_get_n_items (probes); i++)
    {
      g_autoptr (PlumProbe) probe = g_list_model_get_item (probes, i);
      PlumProbeOutcome outcome = plum_probe_get_outcome (probe);
      const GError *error = plum_probe_get_error (probe);

      json_writer_begin_object (json, NULL);
      json_writer_string (json, "name", plum_probe_get_name (probe));
      json_writer_string (json, "outcome", describe_enum (PLUM_TYPE_PROBE_OUTCOME, (int) outcome));
      if (outcome != PLUM_PROBE_PENDING)
        json_writer_int (json, "ms", plum_probe_get_ms (probe));
      else
        json_writer_null (json, "ms");
      json_writer_string (json, "detail", error != NULL ? error->message : NULL);
      json_writer_end_object (json);
    }
  json_writer_end_array (json);
}

static void
write_event (JsonWriter *json, const DoctorEvent *event)
{
  g_autofree char *peer = doctor_log_describe_peer (event);
  g_autofree char *what = event->bytes != NULL ? packet_text_describe (event->bytes) : NULL;

  json_writer_begin_object (json, NULL);
  json_writer_int (json, "ms", event->ms);
  json_writer_string (json, "backend", event->backend);
  if (event->note != NULL)
    {
      json_writer_string (json, "note", event->note);
    }
  else
    {
      json_writer_string (json, "direction",
                          describe_enum (PLUM_TYPE_TRAFFIC_DIRECTION, (int) event->direction));
      json_writer_string (json, "peer", peer);
      json_writer_int (json, "bytes", (gint64) g_bytes_get_size (event->bytes));
      json_writer_string (json, "what", what);
    }
  json_writer_end_object (json);
}

static void
write_exchange (const DoctorReport *self, JsonWriter *json, PlumGateway *gateway)
{
  json_writer_begin_array (json, "exchange");
  for (guint i = 0; i < self->log->events->len; i++)
    {
      const DoctorEvent *event = self->log->events->pdata[i];

      if (event->gateway == gateway)
        write_event (json, event);
    }
  json_writer_end_array (json);
}

static gboolean
is_gateway (const DoctorReport *self, PlumGateway *gateway)
{
  GListModel *gateways = plum_manager_get_gateways (self->manager);

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) other = g_list_model_get_item (gateways, i);

      if (other == gateway)
        return TRUE;
    }

  return FALSE;
}

/* The exchange with a router that is not a gateway of this computer. Several objects may stand for
 * it: that of the chain, and that of the search for a second router. */
static void
write_exchange_beyond (const DoctorReport *self, JsonWriter *json, const DoctorRouter *router)
{
  json_writer_begin_array (json, "exchange");
  for (guint i = 0; i < self->log->events->len; i++)
    {
      const DoctorEvent *event = self->log->events->pdata[i];
      g_autofree char *address = describe_address (plum_gateway_get_address (event->gateway));

      if (router->address != NULL && g_strcmp0 (address, router->address) == 0 &&
          !is_gateway (self, event->gateway))
        write_event (json, event);
    }
  json_writer_end_array (json);
}

static void
write_family (JsonWriter *json, GSocketFamily family)
{
  json_writer_int (json, "family", family == G_SOCKET_FAMILY_IPV6 ? 6 : 4);
}

static void
write_gateway (const DoctorReport *self, JsonWriter *json, PlumGateway *gateway)
{
  json_writer_begin_object (json, NULL);
  write_family (json, plum_gateway_get_family (gateway));
  json_writer_string (json, "interface", plum_gateway_get_interface (gateway));
  describe_address_json (json, "address", plum_gateway_get_address (gateway));
  describe_address_json (json, "local_address", plum_gateway_get_local_address (gateway));
  json_writer_string (json, "chosen_by", get_choice (self, gateway));
  json_writer_string (json, "backend", plum_gateway_get_backend_name (gateway));
  describe_address_json (json, "external_address", plum_gateway_get_external_address (gateway));
  json_writer_string (json, "external_scope",
                      describe_scope (plum_gateway_get_external_scope (gateway)));
  describe_router_json (json, gateway);
  write_probes (json, gateway);

  write_exchange (self, json, gateway);
  json_writer_end_object (json);
}

static void
write_routers (const DoctorReport *self, JsonWriter *json, const DoctorPart *part)
{
  for (guint i = 0; i < part->routers->n_routers; i++)
    {
      const DoctorRouter *router = &part->routers->routers[i];

      json_writer_begin_object (json, NULL);
      json_writer_string (json, "role", doctor_router_role_get_name (router->role));
      json_writer_string (json, "address", router->address);
      json_writer_string (json, "external_address", router->external);
      json_writer_string (json, "external_scope", describe_scope (router->scope));
      write_exchange_beyond (self, json, router);
      json_writer_end_object (json);
    }
}

static void
write_trial (JsonWriter *json,
             PlumProtocol protocol,
             GSocketFamily family,
             const TrialMapping *trial)
{
  LeftBehind left_behind = doctor_trial_get_left_behind (trial);

  json_writer_begin_object (json, NULL);
  write_family (json, family);
  json_writer_string (json, "protocol", describe_protocol (protocol));
  json_writer_int (json, "internal_port", trial->internal_port);
  json_writer_bool (json, "mapped", trial->mapped);
  describe_error_json (json, "error", trial->error);
  if (trial->mapped)
    {
      json_writer_string (json, "external_host", trial->external_host);
      json_writer_int (json, "external_port", trial->external_port);
      describe_lifetime_json (json, "lifetime", trial->lifetime);
    }
  json_writer_string (json, "table_after_map", describe_readback (trial->after_map));
  if (trial->arrived)
    json_writer_bool (json, "hairpin", TRUE);
  else
    json_writer_null (json, "hairpin");
  describe_error_json (json, "remove_error", trial->remove_error);
  json_writer_string (json, "table_after_remove", describe_readback (trial->after_remove));
  if (left_behind == LEFT_BEHIND_UNKNOWN)
    json_writer_null (json, "left_behind");
  else
    json_writer_bool (json, "left_behind", left_behind == LEFT_BEHIND_YES);
  json_writer_end_object (json);
}

static void
write_verdict (const DoctorReport *self, JsonWriter *json, const DoctorPart *part)
{
  g_autofree char *sentence = doctor_report_dup_sentence (self, part);
  g_autofree char *step = doctor_report_dup_next_step (self, part);

  json_writer_string (json, "verdict", doctor_verdict_get_name (part->verdict));
  json_writer_string (json, "sentence", sentence);
  json_writer_string (json, "next_step", step);
  json_writer_int (json, "exit_code", doctor_verdict_get_exit_code (part->verdict));
  describe_error_json (json, "error", part->error);
  doctor_outside_write_json (part->trial, common_options.stun, json);
}

static void
write_families (const DoctorReport *self, JsonWriter *json)
{
  json_writer_begin_array (json, "families");
  for (guint i = 0; i < self->n_parts; i++)
    {
      json_writer_begin_object (json, NULL);
      write_family (json, self->parts[i].family);
      write_verdict (self, json, &self->parts[i]);
      json_writer_end_object (json);
    }
  json_writer_end_array (json);
}

static void
write_gateways (const DoctorReport *self, JsonWriter *json)
{
  GListModel *gateways = plum_manager_get_gateways (self->manager);

  json_writer_begin_array (json, "gateways");
  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      write_gateway (self, json, gateway);
    }
  json_writer_end_array (json);
}

static void
write_trials (const DoctorReport *self, JsonWriter *json)
{
  json_writer_begin_array (json, "trial");
  for (guint i = 0; i < self->n_parts; i++)
    {
      const DoctorPart *part = &self->parts[i];

      for (guint j = 0; part->trial != NULL && j < G_N_ELEMENTS (part->trial->mappings); j++)
        write_trial (json, (PlumProtocol) j, part->family, &part->trial->mappings[j]);
    }
  json_writer_end_array (json);
}

char *
doctor_report_build_json (const DoctorReport *self)
{
  const DoctorPart *part = &self->parts[self->main];
  JsonWriter json;

  json_writer_init (&json);
  json_writer_begin_object (&json, NULL);
  write_verdict (self, &json, part);
  write_families (self, &json);
  write_gateways (self, &json);

  json_writer_begin_array (&json, "routers");
  for (guint i = 0; i < self->n_parts; i++)
    write_routers (self, &json, &self->parts[i]);
  json_writer_end_array (&json);

  json_writer_string (&json, "stray_answer_from", part->stray);
  json_writer_begin_object (&json, "left_out");
  json_writer_int (&json, "events", self->log->n_left_out);
  json_writer_int (&json, "bytes", (gint64) self->log->size_left_out);
  json_writer_end_object (&json);
  write_trials (self, &json);
  json_writer_end_object (&json);

  return json_writer_finish (&json);
}
