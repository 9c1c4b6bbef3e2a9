/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* plumctl: maps ports on a home router, and finds out why that fails. The dispatcher, the help
 * and the completions are all generated from the command table below. */

#include "command.h"
#include "common-options.h"
#include "complete.h"
#include "exit-code.h"
#include "output.h"
#include "suggest.h"

#include <glib/gi18n-lib.h>
#include <plum-glib/plum-glib.h>
#include <stdio.h>

static const PlumctlCommand *const commands[] = {
  &plumctl_command_map,
  &plumctl_command_run,
  &plumctl_command_serve,
  &plumctl_command_unmap,
  &plumctl_command_list,
  &plumctl_command_status,
  &plumctl_command_external,
  &plumctl_command_monitor,
  &plumctl_command_doctor,
  &plumctl_command_backends,
  NULL,
};

static const PlumctlCommand *
main_find_command (const char *name)
{
  for (guint i = 0; commands[i] != NULL; i++)
    if (g_str_equal (commands[i]->name, name))
      return commands[i];

  return NULL;
}

static void
print_usage (void (*print) (const char *format, ...))
{
  print ("%s", _ ("Usage: plumctl COMMAND [OPTION…] [ARGUMENT…]\n"
                  "\n"
                  "Asks the home router to forward ports to this computer, using PCP, NAT-PMP or "
                  "UPnP.\n"
                  "\n"
                  "Commands:\n"));
  for (guint i = 0; commands[i] != NULL; i++)
    print ("  %-10s %s\n", commands[i]->name, _ (commands[i]->summary));
  print ("%s",
         _ ("\n"
            "Options:\n"
            "  -h, --help     Show this help; after COMMAND, the help of that command\n"
            "      --version  Show the version\n"
            "\n"
            "A SPEC is a protocol, a port of this computer and, optionally, an external port:\n"
            "  tcp:8080            TCP port 8080; the same external port if it is available\n"
            "  udp:5000:6000       UDP port 5000, external port 6000\n"
            "  tcp:8000-8010       11 ports\n"
            "  tcp:8000-8010:9000  11 ports, with external ports from 9000 up\n"
            "\n"
            "Exit status: 0 success, 1 failure, 2 usage error, 3 no router answered.\n"
            "More: plumctl(1).\n"));
}

static int
reject_command (const char *word)
{
  const char *names[G_N_ELEMENTS (commands)] = { NULL };
  const char *nearest;

  for (guint i = 0; commands[i] != NULL; i++)
    names[i] = commands[i]->name;
  nearest = suggest_nearest (word, names);

  if (nearest != NULL)
    output_error (_ ("“%s” is not a command; did you mean “%s”?"), word, nearest);
  else
    output_error (_ ("“%s” is not a command"), word);
  output_hint (_ ("Run “plumctl --help” for a list of commands."));
  return PLUMCTL_USAGE;
}

/* Splits @argv at "--" if the command takes another command after it. */
static char **
cut_tail (const PlumctlCommand *command, int *argc, char **argv)
{
  for (int i = 1; command->has_tail && i < *argc; i++)
    if (g_str_equal (argv[i], "--"))
      {
        argv[i] = NULL;
        *argc = i;
        return argv + i + 1;
      }

  return NULL;
}

static void
remove_separator (char **arguments)
{
  for (guint i = 0; arguments[i] != NULL; i++)
    if (g_str_equal (arguments[i], "--"))
      {
        for (; arguments[i] != NULL; i++)
          arguments[i] = arguments[i + 1];
        return;
      }
}

/* @argv[0] is the name of the command. */
static int
run_command (const PlumctlCommand *command, int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (command->arguments);
  g_autofree char *program = g_strdup_printf ("plumctl %s", command->name);
  g_autoptr (GError) error = NULL;
  char **tail = cut_tail (command, &argc, argv);

  g_set_prgname (program);
  g_option_context_set_summary (context, command->summary);
  g_option_context_set_description (context, command->details);
  g_option_context_add_main_entries (context, command->options, GETTEXT_PACKAGE);
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);

  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      output_error ("%s", error->message);
      /* Translators: a program and a command. */
      output_hint (_ ("Run “%s --help” for a list of options."), program);
      return PLUMCTL_USAGE;
    }

  if (common_options.json)
    output_set_untranslated ();
  remove_separator (argv + 1);
  return command->run (argv + 1, tail);
}

/* "plumctl help map" is the same as "plumctl map --help". */
static int
run_help (int argc, char **argv)
{
  char *help_arguments[] = { NULL, (char *) "--help", NULL };
  const PlumctlCommand *command;

  if (argc < 3)
    {
      print_usage (g_print);
      return PLUMCTL_OK;
    }

  command = main_find_command (argv[2]);
  if (command == NULL)
    return reject_command (argv[2]);

  help_arguments[0] = argv[2];
  return run_command (command, 2, help_arguments);
}

int
main (int argc, char **argv)
{
  const PlumctlCommand *command;
  const char *word = argc > 1 ? argv[1] : NULL;

  output_init ();

  if (word == NULL)
    {
      print_usage (g_printerr);
      return PLUMCTL_USAGE;
    }

  if (g_str_equal (word, "--version"))
    {
      printf ("plumctl %s\n", plum_get_version ());
      return PLUMCTL_OK;
    }

  if (g_str_equal (word, "--help") || g_str_equal (word, "-h") || g_str_equal (word, "help"))
    return run_help (g_str_equal (word, "help") ? argc : 0, argv);

  if (g_str_equal (word, "__complete"))
    {
      complete_arguments (commands, argv + 2);
      return PLUMCTL_OK;
    }

  command = main_find_command (word);
  if (command == NULL)
    return reject_command (word);

  return run_command (command, argc - 1, argv + 1);
}
