/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Uses the library as a subproject, with built-in backends. */

#include <plum-glib/plum-glib.h>

static gboolean
has_builtin_backend (GListModel *backends, const char *name)
{
  for (guint i = 0; i < g_list_model_get_n_items (backends); i++)
    {
      g_autoptr (PlumBackendInfo) info = g_list_model_get_item (backends, i);

      if (g_str_equal (plum_backend_info_get_name (info), name) &&
          plum_backend_info_get_path (info) == NULL && plum_backend_info_get_error (info) == NULL)
        return TRUE;
    }

  return FALSE;
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "direct", "pcp", "natpmp", "upnp" };
  g_autoptr (PlumManager) manager = plum_manager_new ();
  GListModel *backends = plum_manager_get_backends (manager);

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (!has_builtin_backend (backends, names[i]))
      return 1;

  return 0;
}
