/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Uses the library as a subproject, with built-in backends. */

#include <plum-glib/plum-glib.h>

int
main (void)
{
  g_autoptr (PlumManager) manager = plum_manager_new ();
  GListModel *backends = plum_manager_get_backends (manager);
  g_autoptr (PlumBackendInfo) first = g_list_model_get_item (backends, 0);

  return first != NULL && g_str_equal (plum_backend_info_get_name (first), "direct") ? 0 : 1;
}
