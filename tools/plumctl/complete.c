/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The back end of the shell completions: "plumctl __complete ARGUMENT... LAST" prints the
 * candidates for LAST, one per line, each followed by a tab and a description. They are taken
 * from the same tables that parse the command line. */

#include "complete.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include <plum-glib/plum-glib.h>

static void
offer (const char *last, const char *candidate, const char *description)
{
  if (g_str_has_prefix (candidate, last))
    printf ("%s\t%s\n", candidate, description);
}

static void
offer_interfaces (const char *last)
{
  struct if_nameindex *interfaces = if_nameindex ();

  for (guint i = 0; interfaces != NULL && interfaces[i].if_index != 0; i++)
    offer (last, interfaces[i].if_name, "network interface");
  g_clear_pointer (&interfaces, if_freenameindex);
}

static void
offer_backends (const char *last)
{
  g_autoptr (PlumManager) manager = plum_manager_new ();
  GListModel *infos = plum_manager_get_backends (manager);

  for (guint i = 0; i < g_list_model_get_n_items (infos); i++)
    {
      g_autoptr (PlumBackendInfo) info = g_list_model_get_item (infos, i);

      if (plum_backend_info_get_error (info) == NULL)
        offer (last, plum_backend_info_get_name (info), plum_backend_info_get_description (info));
    }
}

static void
offer_options (const PlumctlCommand *command, const char *last)
{
  for (const GOptionEntry *entry = command->options; entry->long_name != NULL; entry++)
    {
      g_autofree char *name = g_strdup_printf ("--%s", entry->long_name);

      offer (last, name, entry->description);
    }
  offer (last, "--help", "Show help options");
}

/* The option that takes a value and is named by @word, such as "--interface" or "-i". */
static const GOptionEntry *
find_option_with_value (const PlumctlCommand *command, const char *word)
{
  for (const GOptionEntry *entry = command->options; entry->long_name != NULL; entry++)
    if (entry->arg != G_OPTION_ARG_NONE &&
        ((g_str_has_prefix (word, "--") && g_str_equal (word + 2, entry->long_name)) ||
         (strlen (word) == 2 && word[0] == '-' && word[1] == entry->short_name)))
      return entry;

  return NULL;
}

static const PlumctlCommand *
find_command (const PlumctlCommand *const *commands, const char *name)
{
  for (guint i = 0; commands[i] != NULL; i++)
    if (g_str_equal (commands[i]->name, name))
      return commands[i];

  return NULL;
}

void
complete_arguments (const PlumctlCommand *const *commands, char **arguments)
{
  guint n = g_strv_length (arguments);
  const char *last = n > 0 ? arguments[n - 1] : "";
  const PlumctlCommand *command;
  const GOptionEntry *option;

  if (n <= 1)
    {
      for (guint i = 0; commands[i] != NULL; i++)
        offer (last, commands[i]->name, commands[i]->summary);
      return;
    }

  command = find_command (commands, arguments[0]);
  if (command == NULL)
    return;

  option = find_option_with_value (command, arguments[n - 2]);
  if (option != NULL && g_str_equal (option->long_name, "interface"))
    offer_interfaces (last);
  else if (option != NULL && g_str_equal (option->long_name, "backend"))
    offer_backends (last);
  else if (option == NULL && *last == '-')
    offer_options (command, last);
  else if (option == NULL && strstr (command->arguments, "SPEC") != NULL)
    {
      offer (last, "tcp:", "TCP port");
      offer (last, "udp:", "UDP port");
    }
}
