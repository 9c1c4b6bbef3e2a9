/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl status": prints a few lines for each gateway. */

#include "chain-report.h"
#include "command.h"
#include "common-options.h"
#include "describe-router.h"
#include "describe.h"
#include "discovery.h"
#include "exit-code.h"
#include "output.h"

#include <glib/gi18n-lib.h>

static const GOptionEntry status_entries[] = {
  COMMON_OPTION_BACKEND, COMMON_OPTION_GATEWAY, COMMON_OPTION_INTERFACE, COMMON_OPTION_MAX_HOPS,
  COMMON_OPTION_TIMEOUT, COMMON_OPTION_JSON,    COMMON_OPTION_VERBOSE,   { NULL },
};

/* chain: (nullable): of the gateway that programs use. */
static void
status_print_json (PlumGateway *gateway, gboolean is_default, const RouterChain *chain)
{
  g_autofree char *text = NULL;
  JsonWriter json;

  json_writer_init (&json);
  json_writer_begin_object (&json, NULL);
  json_writer_string (&json, "event", "gateway");
  json_writer_string (&json, "interface", plum_gateway_get_interface (gateway));
  describe_address_json (&json, "address", plum_gateway_get_address (gateway));
  describe_address_json (&json, "local_address", plum_gateway_get_local_address (gateway));
  describe_address_json (&json, "external_address", plum_gateway_get_external_address (gateway));
  json_writer_string (&json, "external_scope",
                      describe_scope (plum_gateway_get_external_scope (gateway)));
  json_writer_string (&json, "backend", plum_gateway_get_backend_name (gateway));
  json_writer_bool (&json, "default", is_default);
  describe_router_json (&json, gateway);
  chain_report_json (&json, chain);
  json_writer_end_object (&json);

  text = json_writer_finish (&json);
  output_json (text);
}

/* What the router says of itself, if it does. */
static void
print_router (PlumGateway *gateway)
{
  g_autofree char *router = describe_router (gateway);
  g_autofree char *connection = describe_connection (gateway);

  if (router != NULL)
    output_line (OUTPUT_PLAIN, _ ("router    %s"), router);
  if (connection != NULL)
    output_line (plum_gateway_get_connection_status (gateway) == PLUM_CONNECTION_STATUS_CONNECTED
                   ? OUTPUT_PLAIN
                   : OUTPUT_BAD,
                 _ ("internet  %s"), connection);
}

/* chain: (nullable): of the gateway that programs use. */
static void
print_lines (PlumGateway *gateway, gboolean is_default, const RouterChain *chain)
{
  PlumAddressScope scope = plum_gateway_get_external_scope (gateway);
  const char *reason = describe_scope_reason (scope);
  const char *interface = plum_gateway_get_interface (gateway);
  const char *backend = plum_gateway_get_backend_name (gateway);
  g_autofree char *address = describe_address (plum_gateway_get_address (gateway));
  g_autofree char *local = describe_address (plum_gateway_get_local_address (gateway));
  g_autofree char *external = describe_address (plum_gateway_get_external_address (gateway));
  g_autofree char *missing = describe_missing_address (gateway);

  if (address == NULL)
    address = g_strdup (_ ("none (no next hop)"));
  if (interface == NULL)
    interface = _ ("an unknown interface");
  /* Translators: a router, and an interface. All lines of “plumctl status” begin with a word that
   * spaces extend to 10 characters. */
  output_line (OUTPUT_PLAIN,
               is_default ? _ ("gateway   %s on %s")
                          : _ ("gateway   %s on %s, not used by default"),
               address, interface);
  print_router (gateway);
  output_line (OUTPUT_PLAIN, _ ("local     %s"), local != NULL ? local : _ ("unknown"));
  if (external != NULL)
    output_line (reason == NULL ? OUTPUT_PLAIN : OUTPUT_BAD, _ ("external  %s (%s)"), external,
                 describe_scope_text (scope));
  else if (missing != NULL)
    output_line (OUTPUT_BAD, _ ("external  unknown (%s)"), missing);
  else
    output_line (OUTPUT_PLAIN, "%s", _ ("external  unknown"));
  if (backend != NULL)
    output_line (OUTPUT_GOOD, _ ("backend   %s"), backend);
  else
    output_line (OUTPUT_BAD, "%s", _ ("backend   none: no protocol is available"));
  if (chain != NULL)
    chain_report_print (chain);
}

static void
on_status_done (Discovery *discovery)
{
  GListModel *gateways = plum_manager_get_gateways (discovery->session->manager);
  g_autoptr (PlumGateway) used = discovery_dup_gateway (discovery);
  gboolean served = discovery_has_router (discovery);

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      const RouterChain *chain = discovery_get_chain (discovery, gateway);

      if (common_options.json)
        status_print_json (gateway, gateway == used, chain);
      else
        print_lines (gateway, gateway == used, chain);
    }

  if (!served)
    discovery_print_failure (discovery);
  session_quit (discovery->session, served ? PLUMCTL_OK : PLUMCTL_NO_ROUTER);
}

static int
run_status (char **arguments, char **tail)
{
  Session session = { .interrupt_code = PLUMCTL_FAILED };
  Discovery discovery = { .session = &session,
                          .any_family = TRUE,
                          .first_address = TRUE,
                          .wants_model = TRUE,
                          .asks_address = TRUE,
                          .asks_others = TRUE,
                          .asks_chain = TRUE,
                          .done = on_status_done };

  return discovery_run (&discovery, arguments);
}

const PlumctlCommand plumctl_command_status = {
  .name = "status",
  .arguments = "",
  .summary = N_ ("Show the gateways, their addresses and their backends"),
  .details =
    N_ ("Asks the routers of all networks. If one reports its address only with a mapping, as\n"
        "with PCP, maps an unused UDP port on it for a moment. If the router of the default\n"
        "route has a private or shared address, the router beyond it is asked as well; no port\n"
        "is mapped there.\n"
        "\n"
        "Examples:\n"
        "  plumctl status\n"
        "  plumctl status --interface wlan0\n"
        "\n"
        "Exit status: 0 success, 2 usage error, 3 no router answered."),
  .options = status_entries,
  .run = run_status,
};
