import BlitzCommands

await runBlitz()
