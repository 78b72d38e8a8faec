print("jamboree")
