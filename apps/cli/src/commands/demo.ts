import type { Command } from 'commander'

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('the whole system with simulated vendors and four simulated houses, in a data folder of its own')
    .option('--fresh', 'throw the demo’s data away first')
    .option('--json', 'log everything to standard output as JSON lines')
    .addHelpText(
      'after',
      `
The data lies in ./data/demo unless NABOLAG_DATA names another folder. Other commands find it there with
NABOLAG_DATA=./data/demo.`,
    )
    .action(async (options: { fresh?: boolean; json?: boolean }) => {
      const { runDemo } = await import('../launch/demo.ts')
      await runDemo(process.env, options)
      process.exit(0)
    })
}
