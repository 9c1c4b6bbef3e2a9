/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the commands that map no ports say about the routers beyond the gateway. */

#include "chain-report.h"

#include "common-options.h"
#include "describe.h"
#include "output.h"

#include <glib/gi18n-lib.h>

/* Why the routers that are known do not reach the internet; NULL if they do, or may. */
char *
chain_report_dup_problem (const RouterChain *chain)
{
  PlumGateway *last = router_chain_get_last (chain);
  PlumGateway *unconfirmed = router_chain_get_unconfirmed (chain);
  g_autofree char *address = describe_address (plum_gateway_get_address (last));

  if (unconfirmed != NULL)
    return g_strdup_printf (/* Translators: an address, and a protocol. */
                            _ ("The router %s answers to %s, but did not report its external "
                               "address"),
                            address, describe_backend (plum_gateway_get_backend_name (last)));
  if (g_error_matches (chain->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return g_strdup_printf (_ ("The router beyond %s was not found within %g s"), address,
                            common_options.timeout);
  return chain->error != NULL ? g_strdup (chain->error->message) : NULL;
}

static void
chain_report_print_router (PlumGateway *gateway)
{
  PlumAddressScope scope = plum_gateway_get_external_scope (gateway);
  const char *reason = describe_scope_reason (scope);
  const char *backend = describe_backend (plum_gateway_get_backend_name (gateway));
  g_autofree char *address = describe_address (plum_gateway_get_address (gateway));
  g_autofree char *external = describe_address (plum_gateway_get_external_address (gateway));

  if (external != NULL)
    output_line (reason == NULL ? OUTPUT_GOOD : OUTPUT_BAD,
                 /* Translators: a router, a protocol, an address, and its kind. Keep the width of
                  * the first word and the spaces after it. */
                 _ ("beyond    %s by %s, external address %s (%s)"), address, backend, external,
                 describe_scope_text (scope));
  else
    output_line (OUTPUT_BAD, _ ("beyond    %s by %s, external address unknown"), address, backend);
}

/* The lines of "plumctl status" about the routers beyond the gateway. */
void
chain_report_print (const RouterChain *chain)
{
  g_autofree char *way = router_chain_dup_way (chain);
  g_autofree char *problem = chain_report_dup_problem (chain);

  for (guint i = 1; i < chain->routers->len; i++)
    chain_report_print_router (chain->routers->pdata[i]);
  if (problem != NULL)
    output_line (OUTPUT_BAD, _ ("beyond    %s"), problem);
  if (way != NULL)
    output_line (OUTPUT_PLAIN, _ ("path      through %s"), way);
}

/* The members "upstream" and "upstream_error" of docs/plumctl-json.md. chain: (nullable). */
void
chain_report_json (JsonWriter *json, const RouterChain *chain)
{
  if (chain == NULL)
    {
      json_writer_null (json, "upstream");
      json_writer_null (json, "upstream_error");
      return;
    }

  json_writer_begin_array (json, "upstream");
  for (guint i = 1; i < chain->routers->len; i++)
    {
      PlumGateway *gateway = chain->routers->pdata[i];

      json_writer_begin_object (json, NULL);
      describe_address_json (json, "address", plum_gateway_get_address (gateway));
      describe_address_json (json, "external_address", plum_gateway_get_external_address (gateway));
      json_writer_string (json, "external_scope",
                          describe_scope (plum_gateway_get_external_scope (gateway)));
      json_writer_string (json, "backend", plum_gateway_get_backend_name (gateway));
      json_writer_end_object (json);
    }
  json_writer_end_array (json);
  describe_error_json (json, "upstream_error", chain->error);
}
