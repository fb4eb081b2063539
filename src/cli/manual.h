/* Manual pages, made from the command table. Format: man(7). */
#ifndef KEEL_CLI_MANUAL_H
#define KEEL_CLI_MANUAL_H

#include <stdio.h>

#include "cli/cli.h"

void keel__manual(FILE *out, const struct keel__command *command); /* keel-<name>.1 */
void keel__manual_index(FILE *out);                                /* keel.1 */

extern const struct argp_option *const keel__global_options;

#endif
