/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "common-options.h"

#include "exit-code.h"
#include "output.h"
#include "plum-interfaces.h"
#include "stun-server.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_HOPS_DEFAULT 2

CommonOptions common_options = { .timeout = COMMON_TIMEOUT_DEFAULT, .max_hops = MAX_HOPS_DEFAULT };

#define TIMEOUT_MIN 0.1
#define TIMEOUT_MAX 3600.0

guint
common_options_get_timeout_ms (void)
{
  return (guint) (common_options.timeout * 1000);
}

static gboolean
check_stun (void)
{
  g_autoptr (GSocketConnectable) server = NULL;
  g_autoptr (GError) error = NULL;

  if (common_options.stun == NULL)
    return TRUE;

  server = stun_server_parse (common_options.stun, &error);
  if (server == NULL)
    output_error ("--stun: %s", error->message);
  return server != NULL;
}

/* Checks the options that need no manager. If one is invalid, reports it and returns FALSE. */
gboolean
common_options_check (GInetAddress **gateway)
{
  /* The negation also rejects NaN. */
  if (!(common_options.timeout >= TIMEOUT_MIN && common_options.timeout <= TIMEOUT_MAX))
    {
      output_error (_ ("--timeout: “%g” is out of range, must be %g to %g seconds"),
                    common_options.timeout, TIMEOUT_MIN, TIMEOUT_MAX);
      return FALSE;
    }

  if (common_options.max_hops < 1 || common_options.max_hops > COMMON_MAX_HOPS)
    {
      output_error (_ ("--max-hops: %d is out of range, must be 1 to %d"), common_options.max_hops,
                    COMMON_MAX_HOPS);
      return FALSE;
    }

  if (!check_stun ())
    return FALSE;

  if (common_options.gateway != NULL)
    {
      *gateway = g_inet_address_new_from_string (common_options.gateway);
      if (*gateway == NULL)
        {
          output_error (_ ("--gateway: “%s” is not an IP address (such as 192.168.1.1)"),
                        common_options.gateway);
          return FALSE;
        }
    }

  if (common_options.interface != NULL && plum_interfaces_get_index (common_options.interface) == 0)
    {
      output_error (_ ("--interface: no network interface “%s”; “ip link” lists the interfaces"),
                    common_options.interface);
      g_clear_object (gateway);
      return FALSE;
    }

  return TRUE;
}

static PlumBackendInfo *
find_backend (PlumManager *manager, const char *name)
{
  GListModel *infos = plum_manager_get_backends (manager);

  for (guint i = 0; i < g_list_model_get_n_items (infos); i++)
    {
      g_autoptr (PlumBackendInfo) info = g_list_model_get_item (infos, i);

      if (g_strcmp0 (plum_backend_info_get_name (info), name) == 0)
        return g_steal_pointer (&info);
    }

  return NULL;
}

static char *
list_backend_names (PlumManager *manager)
{
  GListModel *infos = plum_manager_get_backends (manager);
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (infos); i++)
    {
      g_autoptr (PlumBackendInfo) info = g_list_model_get_item (infos, i);

      if (plum_backend_info_get_error (info) == NULL)
        g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "",
                                plum_backend_info_get_name (info));
    }

  return g_string_free (names, FALSE);
}

static gboolean
check_backend (PlumManager *manager, const char *name, int *exit_code)
{
  g_autoptr (PlumBackendInfo) info = find_backend (manager, name);
  const GError *failure;

  if (info == NULL)
    {
      g_autofree char *known = list_backend_names (manager);

      output_error (_ ("--backend: no backend “%s”; available backends: %s"), name,
                    *known != '\0' ? known : _ ("none"));
      *exit_code = PLUMCTL_USAGE;
      return FALSE;
    }

  failure = plum_backend_info_get_error (info);
  if (failure != NULL)
    {
      output_error (_ ("--backend: “%s” cannot be used: %s"), name, failure->message);
      *exit_code = PLUMCTL_NO_ROUTER;
      return FALSE;
    }

  return TRUE;
}

static gboolean
apply_backends (PlumManager *manager, int *exit_code)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;

  for (guint i = 0; common_options.backends[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (common_options.backends[i], ",", -1);

      for (guint j = 0; parts[j] != NULL; j++)
        {
          if (!check_backend (manager, g_strstrip (parts[j]), exit_code))
            return FALSE;
          g_strv_builder_add (builder, parts[j]);
        }
    }

  names = g_strv_builder_end (builder);
  plum_manager_set_enabled_backends (manager, (const char *const *) names);
  return TRUE;
}

/* As GVariant text, such as true, 5 or uint32 5; anything else is a string. (transfer full) */
static GVariant *
parse_value (const char *text)
{
  GVariant *value = g_variant_parse (NULL, text, NULL, NULL, NULL);

  return value != NULL ? value : g_variant_ref_sink (g_variant_new_string (text));
}

static gboolean
apply_option (PlumManager *manager, const char *text)
{
  const char *dot = strchr (text, '.');
  const char *sign = strchr (text, '=');
  g_autofree char *name = NULL;
  g_autofree char *key = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_utf8_validate (text, -1, NULL) || dot == NULL || sign == NULL || dot > sign)
    {
      output_error (_ ("--option: “%s” is invalid, must be NAME.KEY=VALUE, such as "
                       "upnp.location=http://192.168.1.1:5000/rootDesc.xml"),
                    text);
      return FALSE;
    }

  name = g_strndup (text, (gsize) (dot - text));
  key = g_strndup (dot + 1, (gsize) (sign - dot - 1));
  value = parse_value (sign + 1);
  if (plum_manager_set_backend_option (manager, name, key, value, &error))
    return TRUE;

  output_error ("--option: %s", error->message);
  return FALSE;
}

static gboolean
apply_options (PlumManager *manager, int *exit_code)
{
  for (guint i = 0; common_options.options != NULL && common_options.options[i] != NULL; i++)
    if (!apply_option (manager, common_options.options[i]))
      {
        *exit_code = PLUMCTL_USAGE;
        return FALSE;
      }

  return TRUE;
}

/* Applies the options to a new manager. */
gboolean
common_options_apply (PlumManager *manager, int *exit_code)
{
  g_autoptr (GInetAddress) gateway = NULL;

  if (!common_options_check (&gateway))
    {
      *exit_code = PLUMCTL_USAGE;
      return FALSE;
    }

  if (common_options.backends != NULL && !apply_backends (manager, exit_code))
    return FALSE;

  if (!apply_options (manager, exit_code))
    return FALSE;

  if (gateway != NULL)
    plum_manager_set_gateway_address (manager, gateway);
  if (common_options.interface != NULL)
    plum_manager_set_interface (manager, common_options.interface);
  plum_manager_set_max_hops (manager, (guint) common_options.max_hops);

  return TRUE;
}
