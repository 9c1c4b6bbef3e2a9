/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl monitor": prints every change of the gateways. */

#include "command.h"
#include "common-options.h"
#include "describe-router.h"
#include "describe.h"
#include "exit-code.h"
#include "gateway-watch.h"
#include "output.h"
#include "router-chain.h"
#include "session.h"

#include <glib/gi18n-lib.h>

static const GOptionEntry monitor_entries[] = {
  COMMON_OPTION_BACKEND,
  COMMON_OPTION_GATEWAY,
  COMMON_OPTION_INTERFACE,
  COMMON_OPTION_MAX_HOPS,
  COMMON_OPTION_JSON,
  COMMON_OPTION_VERBOSE,
  { NULL },
};

typedef struct
{
  Session session;
  GatewayWatch watch;
  GCancellable *cancellable;
  guint n_queries;    /* pending ones */
  GError *ipv4_error; /* (nullable): this computer has no IPv4 network */
} Monitor;

static void
print_change (GatewayWatch *watch,
              PlumGateway *gateway,
              const char *event,
              const char *backend,
              const char *text)
{
  Monitor *self = watch->user_data;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  g_autofree char *line = NULL;
  JsonWriter json;

  /* The manager drops its gateways when it is closed, but they are still there. */
  if (self->session.closing)
    return;

  if (!common_options.json)
    {
      g_autofree char *router = gateway_watch_is_beyond (watch, gateway)
                                  ? describe_address (plum_gateway_get_address (gateway))
                                  : NULL;

      output_line (OUTPUT_PLAIN, "%s %s: %s%s%s%s%s", time,
                   g_dpgettext2 (GETTEXT_PACKAGE, "event", event), router != NULL ? router : "",
                   router != NULL ? ": " : "", backend != NULL ? describe_backend (backend) : "",
                   backend != NULL ? ": " : "",
                   backend != NULL ? describe_skip_backend (text, backend) : text);
    }
  else
    {
      json_writer_init (&json);
      json_writer_begin_object (&json, NULL);
      json_writer_string (&json, "event", event);
      json_writer_string (&json, "time", time);
      describe_address_json (&json, "gateway", plum_gateway_get_address (gateway));
      json_writer_string (&json, "backend", backend);
      json_writer_string (&json, "text", text);
      json_writer_end_object (&json);
      line = json_writer_finish (&json);
      output_json (line);
    }
}

static void
on_gateway (GatewayWatch *watch, PlumGateway *gateway, gboolean present)
{
  const char *interface = plum_gateway_get_interface (gateway);
  g_autofree char *address = describe_address (plum_gateway_get_address (gateway));
  g_autofree char *local = describe_address (plum_gateway_get_local_address (gateway));
  g_autofree char *text = g_strdup_printf (
    /* Translators: an address, an interface, and an address. */
    present ? _ ("%s on %s, local address %s")
            /* Translators: an address, an interface, and an address. */
            : _ ("%s on %s, local address %s, removed"),
    address != NULL ? address : _ ("no address"),
    interface != NULL ? interface : _ ("an unknown interface"),
    local != NULL ? local : _ ("unknown"));

  print_change (watch, gateway, NC_ ("event", "gateway"), NULL, text);
}

static void
on_probe (GatewayWatch *watch, PlumGateway *gateway, PlumProbe *probe)
{
  g_autofree char *text = NULL;

  if (plum_probe_get_outcome (probe) == PLUM_PROBE_PENDING)
    return;

  text = describe_probe (probe);
  print_change (watch, gateway, NC_ ("event", "probe"), plum_probe_get_name (probe), text);
}

/* --- The routers beyond --- */

/* Set while the router beyond a gateway is sought. */
static const char seeking_key[] = "plumctl-seeking";

static void
on_upstream_queried (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Monitor *self = user_data;
  PlumGateway *gateway = PLUM_GATEWAY (object);
  g_autoptr (GError) error = NULL;
  g_autoptr (PlumGateway) upstream = plum_gateway_query_upstream_finish (gateway, result, &error);

  self->n_queries--;
  g_object_set_data (object, seeking_key, NULL);
  if (error != NULL && !g_cancellable_is_cancelled (self->cancellable))
    print_change (&self->watch, gateway, NC_ ("event", "upstream"), NULL, error->message);
}

/* Finds the next router again when the address of a router has changed. */
static void
seek_upstream (Monitor *self, PlumGateway *gateway)
{
  if (!router_chain_is_needed (gateway) || g_cancellable_is_cancelled (self->cancellable) ||
      g_object_get_data (G_OBJECT (gateway), seeking_key) != NULL)
    return;

  self->n_queries++;
  g_object_set_data (G_OBJECT (gateway), seeking_key, self);
  plum_gateway_query_upstream_async (gateway, self->cancellable, on_upstream_queried, self);
}

static void
on_monitor_upstream (GatewayWatch *watch, PlumGateway *gateway, PlumGateway *upstream)
{
  GInetAddress *address = upstream != NULL ? plum_gateway_get_address (upstream) : NULL;
  g_autofree char *text = describe_address (address);

  print_change (watch, gateway, NC_ ("event", "upstream"), NULL, text != NULL ? text : _ ("none"));
}

static void
on_property (GatewayWatch *watch, PlumGateway *gateway, const char *name)
{
  const char *backend = plum_gateway_get_backend_name (gateway);

  if (g_str_equal (name, "external-address") || g_str_equal (name, "backend-name"))
    seek_upstream (watch->user_data, gateway);

  if (g_str_equal (name, "external-address"))
    {
      GInetAddress *external = plum_gateway_get_external_address (gateway);
      g_autofree char *address = describe_address (external);
      g_autofree char *text =
        g_strdup_printf ("%s (%s)", address != NULL ? address : _ ("unknown"),
                         describe_scope_text (plum_gateway_get_external_scope (gateway)));

      print_change (watch, gateway, NC_ ("event", "external"), NULL, text);
    }
  else if (g_str_equal (name, "model"))
    {
      g_autofree char *router = describe_router (gateway);

      print_change (watch, gateway, NC_ ("event", "router"), NULL,
                    router != NULL ? router : _ ("unknown"));
    }
  else
    {
      print_change (watch, gateway, NC_ ("event", "backend"), NULL,
                    backend != NULL ? describe_backend (backend) : _ ("none"));
    }
}

static void
on_monitor_note (GatewayWatch *watch, PlumGateway *gateway, const char *backend, const char *text)
{
  print_change (watch, gateway, NC_ ("event", "note"), backend, text);
}

/* Keep running after a failure: the network or the router may become available later. */
static void
report_failure (Monitor *self, const GError *error)
{
  if (error != NULL && !self->session.closing)
    output_error ("%s", error->message);
}

static void
on_ipv6_discovered (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Monitor *self = user_data;
  g_autoptr (GError) error = NULL;

  plum_manager_discover_family_finish (PLUM_MANAGER (object), result, &error);

  /* Without any network, the error for IPv4 is reported. */
  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY))
    report_failure (self, self->ipv4_error);
  else
    report_failure (self, error);
}

static void
on_monitor_discovered (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Monitor *self = user_data;
  g_autoptr (GError) error = NULL;

  plum_manager_discover_finish (PLUM_MANAGER (object), result, &error);
  if (common_options.gateway == NULL && !self->session.closing &&
      g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY))
    {
      self->ipv4_error = g_steal_pointer (&error);
      plum_manager_discover_family_async (self->session.manager, G_SOCKET_FAMILY_IPV6, NULL,
                                          on_ipv6_discovered, self);
      return;
    }

  report_failure (self, error);
}

static int
run_monitor (char **arguments, char **tail)
{
  Monitor self = {
    .session.interrupt_code = PLUMCTL_OK,
    .watch = {
      .gateway = on_gateway,
      .upstream = on_monitor_upstream,
      .probe = on_probe,
      .property = on_property,
      .note = on_monitor_note,
      .user_data = &self,
    },
  };
  int exit_code;

  if (arguments[0] != NULL)
    {
      output_error (_ ("unexpected argument “%s”"), arguments[0]);
      return PLUMCTL_USAGE;
    }

  if (!session_init (&self.session))
    return self.session.exit_code;
  session_close_with_reader (&self.session);

  self.cancellable = g_cancellable_new ();
  gateway_watch_start (&self.watch, self.session.manager);
  plum_manager_discover_async (self.session.manager, NULL, on_monitor_discovered, &self);
  exit_code = session_run (&self.session);
  gateway_watch_clear (&self.watch);
  g_cancellable_cancel (self.cancellable);
  while (self.n_queries > 0)
    g_main_context_iteration (NULL, TRUE);
  g_clear_object (&self.cancellable);
  g_clear_error (&self.ipv4_error);
  session_clear (&self.session);
  return exit_code;
}

const PlumctlCommand plumctl_command_monitor = {
  .name = "monitor",
  .arguments = "",
  .summary = N_ ("Print every change of the gateways until Ctrl-C is pressed"),
  .details =
    N_ ("If a router has a private or shared address, the router beyond it is asked as well.\n"
        "\n"
        "Examples:\n"
        "  plumctl monitor\n"
        "  plumctl monitor --json\n"
        "\n"
        "Exit status: 0 stopped, such as by Ctrl-C, 2 usage error."),
  .options = monitor_entries,
  .run = run_monitor,
};
