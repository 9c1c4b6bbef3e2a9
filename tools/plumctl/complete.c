/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The back end of the shell completions: "plumctl __complete ARGUMENT... LAST" prints the
 * candidates for LAST, one per line, each followed by a tab and a description. They are taken
 * from the same tables that parse the command line. */

#include "complete.h"

#include "plum-interfaces.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

#include <plum-glib/plum-glib.h>

/* Prints @candidate after @before if it completes @last. @before, such as "--backend=pcp,", is in
 * the same word, so it is part of what replaces the word. */
static void
offer_after (const char *before, const char *last, const char *candidate, const char *description)
{
  if (g_str_has_prefix (candidate, last))
    printf ("%s%s\t%s\n", before, candidate, description);
}

static void
offer (const char *last, const char *candidate, const char *description)
{
  offer_after ("", last, candidate, description);
}

static void
offer_interfaces (const char *before, const char *last)
{
  g_auto (GStrv) names = plum_interfaces_list_names ();

  for (guint i = 0; names[i] != NULL; i++)
    offer_after (before, last, names[i], _ ("network interface"));
}

/* @last: names separated by commas, of which the last is completed. */
static void
offer_backends (const char *before, const char *last)
{
  g_autoptr (PlumManager) manager = plum_manager_new ();
  GListModel *infos = plum_manager_get_backends (manager);
  const char *comma = strrchr (last, ',');
  const char *name = comma != NULL ? comma + 1 : last;
  g_autofree char *named = g_strdup_printf ("%s%.*s", before, (int) (name - last), last);

  for (guint i = 0; i < g_list_model_get_n_items (infos); i++)
    {
      g_autoptr (PlumBackendInfo) info = g_list_model_get_item (infos, i);

      if (plum_backend_info_get_error (info) == NULL)
        offer_after (named, name, plum_backend_info_get_name (info),
                     plum_backend_info_get_description (info));
    }
}

/* The values of an option that names them all, such as "4|6|both". */
static void
offer_alternatives (const char *before, const char *last, const GOptionEntry *option)
{
  g_auto (GStrv) values = g_strsplit (option->arg_description, "|", -1);

  for (guint i = 0; g_strv_length (values) > 1 && values[i] != NULL; i++)
    offer_after (before, last, values[i], _ (option->description));
}

static void
offer_values (const GOptionEntry *option, const char *before, const char *last)
{
  if (g_str_equal (option->long_name, "interface"))
    offer_interfaces (before, last);
  else if (g_str_equal (option->long_name, "backend"))
    offer_backends (before, last);
  else if (option->arg_description != NULL)
    offer_alternatives (before, last, option);
}

static void
offer_options (const PlumctlCommand *command, const char *last)
{
  for (const GOptionEntry *entry = command->options; entry->long_name != NULL; entry++)
    {
      g_autofree char *name = g_strdup_printf ("--%s", entry->long_name);

      offer (last, name, _ (entry->description));
    }
  offer (last, "--help", _ ("Show help options"));
  if (command->has_tail)
    offer (last, "--", _ ("The command follows"));
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

static void
offer_commands (const PlumctlCommand *const *commands, const char *last)
{
  for (guint i = 0; commands[i] != NULL; i++)
    offer (last, commands[i]->name, _ (commands[i]->summary));
}

/* Offers the values of an option that is in the same word, as in "--family=b". Returns FALSE if
 * @last is no such word. */
static gboolean
complete_assignment (const PlumctlCommand *command, const char *last)
{
  const char *equals = g_str_has_prefix (last, "--") ? strchr (last, '=') : NULL;
  const size_t length = equals != NULL ? (size_t) (equals - last) : 0;
  g_autofree char *name = g_strndup (last, length);
  g_autofree char *before = g_strdup_printf ("%s=", name);
  const GOptionEntry *option = equals != NULL ? find_option_with_value (command, name) : NULL;

  if (option != NULL)
    offer_values (option, before, equals + 1);
  return equals != NULL;
}

static void
offer_specs (const PlumctlCommand *command, const char *last)
{
  if (strstr (command->arguments, "SPEC") != NULL)
    {
      offer (last, "tcp:", _ ("TCP port"));
      offer (last, "udp:", _ ("UDP port"));
    }
}

/* @n: at least 2; @arguments[0] is the name of @command. */
static void
complete_command (const PlumctlCommand *command, char **arguments, guint n)
{
  const char *last = arguments[n - 1];
  const GOptionEntry *option;

  for (guint i = 1; i < n - 1; i++)
    if (g_str_equal (arguments[i], "--"))
      {
        /* Completing another command is a matter of the shell. */
        if (!command->has_tail)
          offer_specs (command, last);
        return;
      }

  option = find_option_with_value (command, arguments[n - 2]);
  if (option != NULL)
    offer_values (option, "", last);
  else if (complete_assignment (command, last))
    return;
  else if (*last == '-')
    offer_options (command, last);
  else
    offer_specs (command, last);
}

void
complete_arguments (const PlumctlCommand *const *commands, char **arguments)
{
  guint n = g_strv_length (arguments);
  const char *last = n > 0 ? arguments[n - 1] : "";
  const PlumctlCommand *command;

  if (n <= 1 && *last == '-')
    {
      offer (last, "--help", _ ("Show help options"));
      offer (last, "--version", _ ("Show the version"));
    }
  else if (n <= 1 || (n == 2 && g_str_equal (arguments[0], "help")))
    offer_commands (commands, last);
  else if ((command = find_command (commands, arguments[0])) != NULL)
    complete_command (command, arguments, n);
}
