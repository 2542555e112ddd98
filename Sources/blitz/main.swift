import BlitzCommands

await BlitzCommand.main()
