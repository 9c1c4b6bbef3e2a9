/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl backends": lists the backends that were loaded, and those that failed to load. */

#include "command.h"
#include "common-options.h"
#include "describe.h"
#include "exit-code.h"
#include "output.h"

#include <glib/gi18n-lib.h>
#include <plum-glib/plum-glib.h>

static const GOptionEntry backends_entries[] = {
  COMMON_OPTION_JSON,
  COMMON_OPTION_VERBOSE,
  { NULL },
};

static void
print_json (PlumBackendInfo *info)
{
  g_autofree char *text = NULL;
  JsonWriter json;

  json_writer_init (&json);
  json_writer_begin_object (&json, NULL);
  json_writer_string (&json, "event", "backend");
  json_writer_string (&json, "name", plum_backend_info_get_name (info));
  json_writer_string (&json, "title", plum_backend_info_get_title (info));
  json_writer_string (&json, "description", plum_backend_info_get_description (info));
  json_writer_int (&json, "priority", plum_backend_info_get_priority (info));
  json_writer_string (&json, "path", plum_backend_info_get_path (info));
  describe_error_json (&json, "error", plum_backend_info_get_error (info));
  json_writer_end_object (&json);

  text = json_writer_finish (&json);
  output_json (text);
}

static void
print_line (PlumBackendInfo *info)
{
  const char *name = plum_backend_info_get_name (info);
  const char *description = plum_backend_info_get_description (info);
  const char *path = plum_backend_info_get_path (info);
  const GError *error = plum_backend_info_get_error (info);

  if (error != NULL)
    output_line (OUTPUT_BAD, _ ("%-8s failed: %s"), name != NULL ? name : "-", error->message);
  else
    output_line (OUTPUT_PLAIN, "%-8s %6d %s (%s)", name, plum_backend_info_get_priority (info),
                 description != NULL ? description : "", path != NULL ? path : _ ("built in"));
}

static int
run_backends (char **arguments, char **tail)
{
  g_autoptr (PlumManager) manager = NULL;
  GListModel *infos;
  guint n_usable = 0;

  if (arguments[0] != NULL)
    {
      output_error (_ ("unexpected argument “%s”"), arguments[0]);
      return PLUMCTL_USAGE;
    }

  if (common_options.verbose)
    plum_log_set_level (PLUM_LOG_LEVEL_DEBUG);

  manager = plum_manager_new ();
  infos = plum_manager_get_backends (manager);
  for (guint i = 0; i < g_list_model_get_n_items (infos); i++)
    {
      g_autoptr (PlumBackendInfo) info = g_list_model_get_item (infos, i);

      n_usable += plum_backend_info_get_error (info) == NULL;
      if (common_options.json)
        print_json (info);
      else
        print_line (info);
    }

  if (n_usable > 0)
    return PLUMCTL_OK;

  output_error (_ ("no backend can be used; check PLUM_BACKENDS and PLUM_BACKEND_PATH"));
  return PLUMCTL_NO_ROUTER;
}

const PlumctlCommand plumctl_command_backends = {
  .name = "backends",
  .arguments = "",
  .summary = N_ ("List the backends and where they were loaded from"),
  .details =
    N_ ("Example:\n"
        "  plumctl backends --json\n"
        "\n"
        "Exit status: 0 a backend is available, 2 usage error, 3 no backend is available."),
  .options = backends_entries,
  .run = run_backends,
};
